"""The classifier: a few small networks side by side, their logits averaged."""

import torch
from torch import Tensor, nn


class Ensemble(nn.Module):
    """`members` independent perceptrons that read the same input.

    Shape: (n, I) → logits (n, members) in training, their mean (n,) in the exported graph. The
    first layers of all members are one matrix product.
    """

    def __init__(
        self, inputs: int, *, members: int, hidden: tuple[int, int], dropout: float
    ) -> None:
        super().__init__()
        self.first_width = hidden[0]
        self.first = nn.Linear(inputs, members * hidden[0])
        self.second = nn.ModuleList(nn.Linear(*hidden) for _ in range(members))
        self.last = nn.ModuleList(nn.Linear(hidden[1], 1) for _ in range(members))
        self.dropout = nn.Dropout(dropout)

    def logits(self, inputs: Tensor) -> Tensor:
        """Each member's own logit, (n, members)."""
        return torch.cat(self._member_logits(inputs), dim=1)

    def forward(self, inputs: Tensor) -> Tensor:
        """Mean logit, (n,)."""
        first, *others = self._member_logits(inputs)
        total = first
        for other in others:
            total = total + other
        return total.reshape(-1) * (1.0 / (1 + len(others)))

    def _member_logits(self, inputs: Tensor) -> list[Tensor]:
        hidden = self.dropout(torch.relu(self.first(inputs)))
        pieces = torch.split(hidden, self.first_width, dim=1)
        return [
            last(self.dropout(torch.relu(second(piece))))
            for piece, second, last in zip(pieces, self.second, self.last, strict=True)
        ]
