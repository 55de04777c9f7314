"""Assignment 5, Lin Chen: the transformer, vectorised, and trained with blocks of my own."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def attention(x, memory, p, heads, mask=None):
    def split(y):
        return y.unflatten(2, (heads, -1)).transpose(1, 2)

    query, key = split(x @ p["Wq"].T + p["bq"]), split(memory @ p["Wk"].T + p["bk"])
    value = split(memory @ p["Wv"].T + p["bv"])
    scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    mixed = scores.softmax(dim=3) @ value
    return mixed.transpose(1, 2).flatten(2) @ p["Wo"].T + p["bo"]


# ---- positions ------------------------------------------------------------


def _speeds(width: int) -> Tensor:
    return torch.exp(-math.log(10000.0) * torch.arange(0, width, 2, dtype=torch.float64) / width)


def positional_encoding(length: int, width: int) -> Tensor:
    pe = torch.empty(length, width, dtype=torch.float64)
    angles = torch.outer(torch.arange(length, dtype=torch.float64), _speeds(width))
    pe[:, ::2], pe[:, 1::2] = angles.sin(), angles.cos()
    return pe


def add_positions(x: Tensor) -> Tensor:
    _, length, width = x.shape
    return x + positional_encoding(length, width).to(x)


def shift_matrix(offset: int, width: int) -> Tensor:
    cos, sin = torch.cos(offset * _speeds(width)), torch.sin(offset * _speeds(width))
    turns = torch.stack([torch.stack([cos, sin], -1), torch.stack([-sin, cos], -1)], -2)  # (D/2, 2, 2)
    return torch.block_diag(*turns)


# ---- norms and blocks -----------------------------------------------------


def layer_norm(x: Tensor, gain: Tensor, shift: Tensor, eps: float = 1e-5) -> Tensor:
    var, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
    return (x - mean) * torch.rsqrt(var + eps) * gain + shift


def layer_norm_backward(upstream: Tensor, x: Tensor, gain: Tensor, eps: float = 1e-5):
    var, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
    inv = torch.rsqrt(var + eps)
    xhat = (x - mean) * inv
    dxhat = upstream * gain
    n = x.shape[-1]
    dx = inv / n * (n * dxhat - dxhat.sum(-1, keepdim=True) - xhat * (dxhat * xhat).sum(-1, keepdim=True))
    return dx, torch.einsum("...d,...d->d", upstream, xhat), torch.einsum("...d->d", upstream)


def feed_forward(x, W1, b1, W2, b2):
    return F.linear(F.relu(F.linear(x, W1, b1)), W2, b2)


def post_norm_block(x, p, heads, mask=None):
    attended = layer_norm(x + attention(x, x, p["attention"], heads, mask), *p["norm1"])
    return layer_norm(attended + feed_forward(attended, *p["ffn"]), *p["norm2"])


def pre_norm_block(x, p, heads, mask=None):
    y = layer_norm(x, *p["norm1"])
    x = x + attention(y, y, p["attention"], heads, mask)
    return x + feed_forward(layer_norm(x, *p["norm2"]), *p["ffn"])


def causal_mask(length: int) -> Tensor:
    t = torch.arange(length)
    return t[:, None] >= t


def padding_mask(tokens: Tensor, pad: int) -> Tensor:
    return tokens.ne(pad).unsqueeze(1).unsqueeze(1)


def decoder_block(x, memory, p, heads, memory_mask=None):
    y = layer_norm(x, *p["norm1"])
    x = x + attention(y, y, p["self"], heads, causal_mask(x.shape[1]))
    x = x + attention(layer_norm(x, *p["norm2"]), memory, p["cross"], heads, memory_mask)
    return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])


# ---- losses ---------------------------------------------------------------


def teacher_forcing(targets, bos, eos, pad):
    inputs = F.pad(targets, (1, 0), value=bos)
    labels = F.pad(targets, (0, 1), value=pad)
    ends = targets.ne(pad).sum(1, keepdim=True)
    return inputs, labels.scatter(1, ends, eos)


def padded_cross_entropy(logits, labels, pad):
    log_p = logits.log_softmax(-1).gather(-1, labels.unsqueeze(-1)).squeeze(-1)
    real = labels.ne(pad)
    return -(log_p * real).sum() / real.sum()


def cross_entropy_gradient(logits, labels, pad):
    real = labels.ne(pad)
    residual = logits.softmax(-1) - F.one_hot(labels, logits.shape[-1])
    return residual * (real / real.sum()).unsqueeze(-1)


def accuracies(logits, labels, pad):
    real = labels.ne(pad)
    hits = logits.argmax(-1).eq(labels)
    return hits[real].double().mean(), hits.logical_or(~real).all(-1).double().mean()


def smooth_labels(labels, classes, epsilon):
    return torch.lerp(F.one_hot(labels, classes).double(), torch.tensor(1.0 / classes).double(), epsilon)


def smoothed_cross_entropy(logits, labels, pad, epsilon):
    log_p = logits.log_softmax(-1)
    cost = -(1 - epsilon) * log_p.gather(-1, labels.unsqueeze(-1)).squeeze(-1) - epsilon * log_p.mean(-1)
    return cost[labels.ne(pad)].mean()


# ---- optimisation ---------------------------------------------------------


def noam_rate(step, width, warmup):
    return 1 / math.sqrt(width) * min(1 / math.sqrt(step), step / warmup**1.5)


def noam_rates(steps, width, warmup):
    return [noam_rate(s + 1, width, warmup) for s in range(steps)]


ANSWERS = {
    "update with the highest rate": 4000,
    "rate of 16000 over rate of 4000": 1 / 2,
    "highest rate, four times as wide": 1 / 2,
}


def clip_gradients(gradients: Sequence[Tensor], limit: float):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    scale = min(1.0, limit / max(float(norm), 1e-12))
    return [g * scale for g in gradients], norm


# ---- decoding -------------------------------------------------------------


def decoder_logits(table, tokens):
    return torch.stack([table[step, token] for step, token in enumerate(tokens)])


def log_probability(table, tokens, bos):
    log_p = F.log_softmax(decoder_logits(table, [bos] + tokens[:-1]), dim=-1)
    return sum(log_p[i, token] for i, token in enumerate(tokens))


def greedy_decode(table, bos, eos, limit):
    out: list[int] = []
    while len(out) < limit and eos not in out:
        out.append(decoder_logits(table, [bos, *out])[-1].argmax().item())
    return out


def beam_search(table, bos, eos, limit, width):
    beam = [(0.0, [])]
    for _ in range(limit):
        grown = []
        for score, tokens in beam:
            if tokens and tokens[-1] == eos:
                grown.append((score, tokens))
            else:
                log_p = F.log_softmax(decoder_logits(table, [bos, *tokens])[-1], dim=-1).tolist()
                grown += [(score + lp, [*tokens, v]) for v, lp in enumerate(log_p)]
        beam = sorted(grown, key=lambda item: item[0], reverse=True)[:width]
        if all(tokens[-1] == eos for _, tokens in beam):
            break
    score, tokens = beam[0]
    return tokens, score


# ---- BLEU -----------------------------------------------------------------


def _ngrams(tokens, n):
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def ngram_matches(candidate, reference, n):
    have, want = _ngrams(candidate, n), _ngrams(reference, n)
    return sum(min(count, want[gram]) for gram, count in have.items()), sum(have.values())


def brevity_penalty(candidate_length, reference_length):
    if candidate_length == 0:
        return 0.0
    return 1.0 if candidate_length > reference_length else math.exp(1 - reference_length / candidate_length)


def bleu(candidates, references):
    logs = 0.0
    for n in range(1, 5):
        pairs = [ngram_matches(c, r, n) for c, r in zip(candidates, references)]
        hits, total = sum(p[0] for p in pairs), sum(p[1] for p in pairs)
        if not hits:
            return 0.0
        logs += math.log(hits / total) / 4
    return brevity_penalty(sum(map(len, candidates)), sum(map(len, references))) * math.exp(logs)


# ---- training -------------------------------------------------------------

PAD, BOS, EOS = 0, 1, 2


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x, memory, mask):
        q, k, v = (
            layer(y).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer, y in ((self.q, x), (self.k, memory), (self.v, memory))
        )
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.o(out.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    """Pre-norm; with cross-attention if it is a decoder's."""

    def __init__(self, width: int, heads: int, cross: bool) -> None:
        super().__init__()
        self.attend = Attention(width, heads)
        self.cross = Attention(width, heads) if cross else None
        self.ffn = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))

    def forward(self, x, mask, memory=None, memory_mask=None):
        y = self.norms[0](x)
        x = x + self.attend(y, y, mask)
        if self.cross is not None:
            x = x + self.cross(self.norms[1](x), memory, memory_mask)
        return x + self.ffn(self.norms[2](x))


class Model(nn.Module):
    def __init__(self, source_size: int, target_size: int, width: int = 64, heads: int = 4) -> None:
        super().__init__()
        self.source, self.target = nn.Embedding(source_size, width), nn.Embedding(target_size, width)
        self.encoder, self.decoder = Layer(width, heads, False), Layer(width, heads, True)
        self.encoded, self.decoded = nn.LayerNorm(width), nn.LayerNorm(width)
        self.out = nn.Linear(width, target_size)
        self.register_buffer("where", positional_encoding(64, width).float())

    def encode(self, words):
        mask = padding_mask(words, PAD)
        return self.encoded(self.encoder(self.source(words) + self.where[: words.shape[1]], mask)), mask

    def decode(self, digits, memory, memory_mask):
        x = self.target(digits) + self.where[: digits.shape[1]]
        x = self.decoder(x, causal_mask(digits.shape[1]), memory, memory_mask)
        return self.out(self.decoded(x))


def train_translator(sources, targets, new_sources, source_size, target_size, seed):
    torch.manual_seed(seed)
    model = Model(source_size, target_size)
    epochs, size = 9, 64
    batches = math.ceil(len(sources) / size)
    optimiser = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, epochs * batches, pct_start=0.12)
    inputs, labels = teacher_forcing(targets, BOS, EOS, PAD)
    losses = []
    for _ in range(epochs):
        epoch = []
        for rows in torch.randperm(len(sources)).split(size):
            loss = padded_cross_entropy(model.decode(inputs[rows], *model.encode(sources[rows])), labels[rows], PAD)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            epoch.append(loss.item())
        losses.append(sum(epoch) / batches)
    model.eval()
    with torch.inference_mode():
        memory, mask = model.encode(new_sources)
        out = torch.full((len(new_sources), 1), BOS)
        for _ in range(targets.shape[1] + 2):
            out = torch.cat([out, model.decode(out, memory, mask)[:, -1].argmax(-1, keepdim=True)], dim=1)
            if out.eq(EOS).any(1).all():
                break
    translations = []
    for row in out[:, 1:].tolist():
        translations.append(row[: row.index(EOS)] if EOS in row else row)
    return translations, losses
