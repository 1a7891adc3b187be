"""Graphs of a bundle as torch modules: shap's explainers of networks read nothing else."""

from collections.abc import Callable
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from training.errors import TrainingRefused

_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "Add": torch.add,
    "Sub": torch.sub,
    "Mul": torch.mul,
    "MatMul": torch.matmul,
    "Min": torch.minimum,
    "Max": torch.maximum,
    "Sign": torch.sign,
    "Abs": torch.abs,
    "Log": torch.log,
    "Where": torch.where,
    "Clip": torch.clamp,
    "Identity": lambda value: value,
    "Reshape": lambda value, shape: value.reshape(shape.tolist()),
}
_MODULES: dict[str, Callable[[], nn.Module]] = {"Relu": nn.ReLU, "Tanh": nn.Tanh}


class TorchGraph(nn.Module):
    """From one value of a graph to another, (n, ·) each, node by node; one a row becomes a column.

    Raises TrainingRefused on an operator it does not know.
    """

    def __init__(self, graph: bytes, start: str = "features", end: str = "log_odds") -> None:
        super().__init__()
        model = onnx.load_from_string(graph).graph
        self._constants = {
            one.name: torch.from_numpy(numpy_helper.to_array(one).copy())
            for one in model.initializer
        }
        self._start, self._end = start, end
        self._nodes = _between(list(model.node), start, end)
        self.steps = nn.ModuleDict()
        for at, node in enumerate(self._nodes):
            if node.op_type in _MODULES:
                self.steps[str(at)] = _MODULES[node.op_type]()
            elif node.op_type not in {*_FUNCTIONS, "Gemm", "Concat", "Split"}:
                raise TrainingRefused(f"operator {node.op_type} of a graph is not known")

    def forward(self, begin: Tensor) -> Tensor:
        """Run the nodes between."""
        values: dict[str, Any] = {**self._constants, self._start: begin}
        for at, node in enumerate(self._nodes):
            inputs = [values[name] for name in node.input if name]
            values.update(zip(node.output, self._outputs(at, node, inputs), strict=False))
        found: Tensor = values[self._end]
        return found.reshape(len(begin), -1)

    def _outputs(self, at: int, node: Any, inputs: list[Tensor]) -> tuple[Tensor, ...]:
        if node.op_type in _MODULES:
            return (self.steps[str(at)](inputs[0]),)
        options = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        if node.op_type == "Gemm":
            weight = inputs[1].T if options.get("transB") else inputs[1]
            return (torch.addmm(inputs[2], inputs[0], weight),)
        if node.op_type == "Concat":
            return (torch.cat(inputs, dim=options["axis"]),)
        if node.op_type == "Split":
            sizes = (
                inputs[1].tolist()
                if len(inputs) > 1
                else inputs[0].shape[options["axis"]] // len(node.output)
            )
            return tuple(torch.split(inputs[0], sizes, dim=options["axis"]))
        return (_FUNCTIONS[node.op_type](*inputs),)


def _between(nodes: list[Any], start: str, end: str) -> list[Any]:
    """Return the nodes that lead from one value to another, in order."""
    wanted, kept = {end}, []
    for node in reversed(nodes):
        if wanted & set(node.output) and start not in node.output:
            wanted |= set(node.input)
            kept.append(node)
    return kept[::-1]
