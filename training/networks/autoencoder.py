"""What genuine payments look like: a bottleneck that must rebuild them from noise.

Vincent et al.: "Extracting and Composing Robust Features with Denoising Autoencoders" (ICML 2008).
"""

import torch
from torch import Tensor, nn


class Autoencoder(nn.Module):
    """Standardised features → a short code → standardised features.

    Shape: (n, F) → code (n, C) within -1…1, and rebuilt (n, F).
    """

    def __init__(self, features: int, *, hidden: int, code: int) -> None:
        super().__init__()
        self.encode_hidden = nn.Linear(features, hidden)
        self.encode_code = nn.Linear(hidden, code)
        self.decode_hidden = nn.Linear(code, hidden)
        self.decode_features = nn.Linear(hidden, features)

    def encode(self, standardised: Tensor) -> Tensor:
        """Latent code, (n, C)."""
        hidden = torch.relu(self.encode_hidden(standardised))
        return torch.tanh(self.encode_code(hidden))

    def decode(self, code: Tensor) -> Tensor:
        """Rebuilt standardised features, (n, F)."""
        rebuilt: Tensor = self.decode_features(torch.relu(self.decode_hidden(code)))
        return rebuilt

    def forward(self, standardised: Tensor) -> tuple[Tensor, Tensor]:
        """Code and rebuilt features."""
        code = self.encode(standardised)
        return code, self.decode(code)
