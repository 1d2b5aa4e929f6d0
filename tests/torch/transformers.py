"""PyTorch's side of the networks of tokens that are compared: plain modules, under our names."""

import torch
from torch import nn
from torch.nn import functional

WIDTH = 128
HEADS = 4


def modules(**children):
    """A module that is a folder of others."""
    folder = nn.Module()
    for name, child in children.items():
        folder.add_module(name, child)
    return folder


class GptBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1 = nn.LayerNorm(WIDTH)
        self.attn = modules(c_attn=nn.Linear(WIDTH, 3 * WIDTH), c_proj=nn.Linear(WIDTH, WIDTH))
        self.ln_2 = nn.LayerNorm(WIDTH)
        self.mlp = modules(c_fc=nn.Linear(WIDTH, 4 * WIDTH), c_proj=nn.Linear(4 * WIDTH, WIDTH))

    def attend(self, x):
        batch, tokens, width = x.shape
        heads = self.attn.c_attn(x).reshape(batch, tokens, 3, HEADS, width // HEADS)
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-1, -2) / (width // HEADS) ** 0.5
        later = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
        shares = scores.masked_fill(later, float("-inf")).softmax(-1)
        return self.attn.c_proj((shares @ value).transpose(1, 2).reshape(batch, tokens, width))

    def forward(self, x):
        x = x + self.attend(self.ln_1(x))
        return x + self.mlp.c_proj(functional.gelu(self.mlp.c_fc(self.ln_2(x))))


class GptMini(nn.Module):
    def __init__(self, vocabulary, context):
        super().__init__()
        self.transformer = modules(
            wte=nn.Embedding(vocabulary, WIDTH),
            wpe=nn.Embedding(context, WIDTH),
            h=nn.Sequential(*(GptBlock() for _ in range(4))),
            ln_f=nn.LayerNorm(WIDTH),
        )
        self.lm_head = nn.Linear(WIDTH, vocabulary, bias=False)

    def forward(self, tokens):
        x = self.transformer.wte(tokens) + self.transformer.wpe.weight[: tokens.shape[1]]
        return self.lm_head(self.transformer.ln_f(self.transformer.h(x)))


class VitBlock(nn.Module):
    """As torchvision's EncoderBlock."""

    def __init__(self):
        super().__init__()
        self.ln_1 = nn.LayerNorm(WIDTH)
        self.self_attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.ln_2 = nn.LayerNorm(WIDTH)
        self.mlp = nn.Sequential(
            nn.Linear(WIDTH, 4 * WIDTH),
            nn.GELU(),
            nn.Dropout(0.0),
            nn.Linear(4 * WIDTH, WIDTH),
        )

    def forward(self, x):
        h = self.ln_1(x)
        x = x + self.self_attention(h, h, h, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class VitTiny(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv_proj = nn.Conv2d(3, WIDTH, 4, 4)
        layers = modules(**{f"encoder_layer_{i}": VitBlock() for i in range(6)})
        self.encoder = modules(
            pos_embedding=nn.Embedding(64, WIDTH), layers=layers, ln=nn.LayerNorm(WIDTH)
        )
        self.heads = modules(head=nn.Linear(WIDTH, classes))

    def forward(self, x):
        x = self.conv_proj(x).flatten(2).transpose(1, 2) + self.encoder.pos_embedding.weight
        for layer in self.encoder.layers.children():
            x = layer(x)
        return self.heads.head(self.encoder.ln(x).mean(1))
