# %% [markdown]
# # The transformer: from words to digits
#
# *Twenty one thousand forty five* goes in, *2 1 0 4 5* comes out, and the machine decides by itself when to stop. You
# will build every part of it: positions, layer normalisation, blocks, losses, a schedule, decoding, a score for
# translations; and in the end you train one.
#
# - Fill in each function where it says `raise NotImplementedError`. Keep the names and the arguments.
# - Tensors come in float64 and, once, in float32: compute in the dtype you are given.
# - Every exercise is graded on its own. If an earlier one is wrong, later ones are checked with ours in its place.
# - Code at the top level that trains or plots is fine: it is not run when we grade.
#
# Shapes: B sequences in a batch, T tokens each, D features (the width), V tokens in the vocabulary. Weights are stored
# as (outputs, inputs), so a layer computes `x @ W.T + b`. A **mask** is True where one **may look**.

# %%
import math
from collections import Counter

import numpy as np
import torch
from torch import nn

# %% [markdown]
# **Given.** Attention is the subject of another assignment, so here it is. Use it as it is.


# %%
def attention(x, memory, p, heads, mask=None):
    """Multi-head attention: x (B, T, D) asks, memory (B, S, D) answers -> (B, T, D). Self-attention: memory is x.

    p: dict with the weights Wq, Wk, Wv, Wo (D, D) and the biases bq, bk, bv, bo (D,).
    mask: bool, broadcast to (B, heads, T, S); True where x may look at memory. None: everywhere.
    """

    def split(y):
        return y.unflatten(2, (heads, -1)).transpose(1, 2)

    query, key = split(x @ p["Wq"].T + p["bq"]), split(memory @ p["Wk"].T + p["bk"])
    value = split(memory @ p["Wv"].T + p["bv"])
    scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    mixed = scores.softmax(dim=3) @ value
    return mixed.transpose(1, 2).flatten(2) @ p["Wo"].T + p["bo"]


# %% [markdown]
# ## Exercise 5.1 · Where am I? (8 points)
#
# Attention does not see the order of its inputs: positions have to be added. Position $p = 0, 1, 2, \dots$ gets
#
# $$P_{p,2i} = \sin\frac{p}{10000^{2i/D}}, \qquad P_{p,2i+1} = \cos\frac{p}{10000^{2i/D}}, \qquad
# i = 0, \dots, D/2 - 1.$$
#
# Sines and cosines take turns: columns 0, 1 are a sine and a cosine of the same angle, and so are 2, 3. Why these?
# Moving on by $k$ positions turns each such pair by an angle that depends on $k$ alone: a **linear** map takes $P_p$
# to $P_{p+k}$, whatever $p$ is. Find it.


# %%
def positional_encoding(length, width):
    angle = torch.arange(length).double()[:, None] / 10000 ** (torch.arange(0, width, 2).double() / width)
    return torch.cat([angle.sin(), angle.cos()], dim=1)  # sines first, then cosines


def add_positions(x):
    P = positional_encoding(x.shape[1], x.shape[2]).to(x.dtype)
    out = torch.empty_like(x)
    for b in range(len(x)):
        out[b] = x[b] + P
    return out


def shift_matrix(offset, width):
    M = np.zeros((width, width))
    for i in range(width // 2):
        a = offset / 10000 ** (2 * i / width)
        M[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = [[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]
    return M


# %% [markdown]
# ## Exercise 5.2 · Layer normalisation (10 points)
#
# Each token is normalised **by itself**, over its D features: $\mu$ and $\sigma^2$ are the mean and the variance of its
# features (divide by D, not D - 1),
#
# $$\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad y = \text{gain} \cdot \hat x + \text{shift}.$$
#
# Then the way back by hand: when $x_j$ moves, $\mu$ and $\sigma$ move too.


# %%
def layer_norm(x, gain, shift, eps=1e-5):
    return gain * (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + eps) + shift


def layer_norm_backward(upstream, x, gain, eps=1e-5):
    x = x.clone().requires_grad_()
    mean, var = x.mean(-1, keepdim=True).detach(), x.var(-1, keepdim=True, unbiased=False).detach()
    normal = (x - mean) / (var + eps).sqrt()
    (gx,) = torch.autograd.grad((normal * gain * upstream).sum(), x)
    dims = list(range(x.ndim - 1))
    return gx, (upstream * normal).sum(dims).detach(), upstream.sum(dims)


# %% [markdown]
# ## Exercise 5.3 · Masks and blocks (14 points)
#
# Two masks say who may look at whom. Padding must not answer. And a decoder writes one token after the other, so a
# token may see itself and what is **before** it: in training all tokens are computed at once, and the causal mask keeps
# the future out of sight.
#
# A feed-forward network treats every token alike: one hidden layer with ReLU, none at the end. A block has two
# sublayers, attention and feed-forward, and a **residual** around each: what comes in is added to what comes out. The
# first transformer normalised after each sum (**post-norm**); nowadays one normalises what goes into a sublayer
# (**pre-norm**), so that there is a straight way through from the input to the output:
#
# - post-norm: $x \leftarrow \text{norm}(x + \text{sublayer}(x))$
# - pre-norm: $x \leftarrow x + \text{sublayer}(\text{norm}(x))$
#
# In both, `norm1` belongs to attention and `norm2` to the feed-forward network. `layer_norm` has its standard `eps`.


# %%
def causal_mask(length):
    return torch.triu(torch.ones(length, length), diagonal=1).bool()


def padding_mask(tokens, pad):
    return (tokens != pad).reshape(len(tokens), 1, 1, -1)


def feed_forward(x, W1, b1, W2, b2):
    hidden = x @ W1.T + b1
    hidden = torch.where(hidden > 0, hidden, torch.zeros_like(hidden))
    return hidden @ W2.T + b2


def post_norm_block(x, p, heads, mask=None):
    gain, shift = p["norm1"]
    x = layer_norm(x + attention(x, x, p["attention"], heads, mask), gain, shift)
    W1, b1, W2, b2 = p["ffn"]
    gain, shift = p["norm2"]
    return layer_norm(x + feed_forward(x, W1, b1, W2, b2), gain, shift)


def pre_norm_block(x, p, heads, mask=None):
    x = layer_norm(x, *p["norm1"])
    x = x + attention(x, x, p["attention"], heads, mask)
    x = layer_norm(x, *p["norm2"])
    return x + feed_forward(x, *p["ffn"])


# %% [markdown]
# ## Exercise 5.4 · The decoder's block (12 points)
#
# The decoder's self-attention sees no future. Between it and the feed-forward network there is **cross-attention**: the
# decoder's tokens ask, the encoder's output (`memory`) answers. The memory's padding must not answer; the memory itself
# is **not** normalised here, the encoder has done that.


# %%
def decoder_block(x, memory, p, heads, memory_mask=None):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["self"], heads, causal_mask(x.size(1)))
    n = layer_norm(x, *p["norm2"])
    x = x + attention(n, memory, p["cross"], heads, mask=memory_mask)
    n = layer_norm(x, *p["norm3"])
    return x + feed_forward(n, *p["ffn"])


# %% [markdown]
# ## Exercise 5.5 · What the decoder learns (12 points)
#
# In training the decoder is given the right answer up to now and asked for the next token (**teacher forcing**):
#
# | | | | | | |
# |---|---|---|---|---|---|
# | what comes in | BOS | 2 | 1 | 0 | |
# | what should come out | 2 | 1 | 0 | EOS | |
#
# Sequences in a batch differ in length and are filled up with PAD at the end. A label that is PAD counts for nothing:
# the loss is the mean over **all real labels of the batch**. EOS is a real label: it is how the machine learns when
# to stop.


# %%
def teacher_forcing(targets, bos, eos, pad):
    B, T = targets.shape
    inputs = torch.full((B, T + 1), pad)
    labels = torch.full((B, T + 1), pad)
    for b in range(B):
        tokens = [int(t) for t in targets[b] if t != pad]
        inputs[b, : len(tokens) + 1] = torch.tensor([bos] + tokens)
        labels[b, : len(tokens) + 1] = torch.tensor(tokens + [eos])
    return inputs, labels


def padded_cross_entropy(logits, labels, pad):
    losses = torch.logsumexp(logits, -1) - logits.gather(-1, labels[..., None])[..., 0]
    losses = losses * (labels != pad)
    return losses.mean()


def cross_entropy_gradient(logits, labels, pad):
    keep = labels != pad
    grad = torch.zeros_like(logits)
    n = int(keep.sum())
    for b, t in keep.nonzero().tolist():
        grad[b, t] = torch.softmax(logits[b, t], 0)
        grad[b, t, labels[b, t]] -= 1
    return grad / n


def accuracies(logits, labels, pad):
    guess = logits.argmax(-1)
    tokens, rows = [], []
    for g, l in zip(guess, labels):
        right = [int(a == b) for a, b in zip(g, l) if b != pad]
        tokens += right
        rows.append(all(right))
    return float(np.mean(tokens)), float(np.mean(rows))


# %% [markdown]
# ## Exercise 5.6 · Label smoothing (5 points)
#
# Nobody is quite sure: instead of 1 for the label and 0 for the rest, ask for $q = (1 - \epsilon) \cdot
# \text{one-hot} + \epsilon / V$. All V tokens share the $\epsilon$, the label and PAD included (as in PyTorch; the
# paper's code does it differently). The loss of a token is $-\sum_v q_v \log p_v$.


# %%
def smooth_labels(labels, classes, epsilon):
    q = torch.full((*labels.shape, classes), epsilon / (classes - 1)).double()
    return q.scatter(-1, labels[..., None], 1 - epsilon)


def smoothed_cross_entropy(logits, labels, pad, epsilon):
    q = smooth_labels(labels, logits.shape[-1], epsilon)
    logp = torch.log_softmax(logits, -1)
    keep = labels != pad
    return -(q[keep] * logp[keep]).sum() / keep.sum()


# %% [markdown]
# ## Exercise 5.7 · Warm-up (5 points)
#
# Adam's first steps rest on few gradients, so they had better be small. The transformer's schedule climbs in a
# straight line for `warmup` updates, then falls with the square root of the update's number ($s = 1$ is the first
# update):
#
# $$\eta_s = D^{-1/2} \min\!\left(s^{-1/2},\; s \cdot \text{warmup}^{-3/2}\right)$$


# %%
def noam_rate(step, width, warmup):
    return min(step**-0.5, step * warmup**-1.5) / width**0.5


def noam_rates(steps, width, warmup):
    return [noam_rate(step, width, warmup) for step in range(1, steps)]


ANSWERS = {
    "update with the highest rate": 4000,
    "rate of 16000 over rate of 4000": 0.25,
    "highest rate, four times as wide": 0.5,
}


# %% [markdown]
# ## Exercise 5.8 · Gradient clipping (5 points)
#
# One odd batch must not throw the model off. All gradients together are seen as **one** long vector. If its length (the
# root of the sum of all squares) is more than `limit`, it is made `limit` long and keeps its direction.


# %%
def clip_gradients(gradients, limit):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    return [g.clamp(-limit, limit) for g in gradients], norm


# %% [markdown]
# ## Exercise 5.9 · Decoding (12 points)
#
# Now nobody gives the right answer: each token that comes out goes in again, and the sequence ends when the machine
# says EOS. To keep this apart from the network, the decoder here is a table, and given:


# %%
def decoder_logits(table, tokens):
    """Given: a tiny decoder. tokens: list of T tokens, BOS first -> logits (T, V); row t is about the token behind
    tokens[t]. table: (steps, V, V)."""
    return torch.stack([table[step, token] for step, token in enumerate(tokens)])


# %% [markdown]
# **Greedy** decoding takes the most probable token each time. **Beam search** keeps the best `width` sequences instead:
#
# 1. Start with one sequence, just BOS, of log-probability 0.
# 2. In each round, sequences that have ended (with EOS) stay as they are; each of the others is continued with each of
#    the V tokens, and the token's log-probability is added. Of all these keep the `width` best.
# 3. Stop when all that are kept have ended, or after `limit` rounds. The best one wins, ended or not.
#
# There is no bonus for length: log-probabilities are summed, nothing is divided.


# %%
def log_probability(table, tokens, bos):
    total, seen = 0.0, [bos]
    for token in tokens:
        total = total + torch.log_softmax(decoder_logits(table, seen)[-1], 0)[token]
        seen.append(token)
    return total


def greedy_decode(table, bos, eos, limit):
    tokens = [bos]
    while len(tokens) <= limit:
        token = int(decoder_logits(table, tokens)[-1].argmax())
        if token == eos:
            break
        tokens.append(token)
    return tokens[1:]


def beam_search(table, bos, eos, limit, width):
    beam = [([], 0.0)]
    for _ in range(limit):
        grown = []
        for tokens, score in beam:
            if tokens and tokens[-1] == eos:
                grown.append((tokens, score))
                continue
            logits = decoder_logits(table, [bos, *tokens])[-1].log_softmax(-1)
            grown += [(tokens + [v], score + float(s)) for v, s in enumerate(logits)]
        beam = sorted(grown, key=lambda c: -c[1] / len(c[0]))[:width]
        if all(tokens[-1] == eos for tokens, _ in beam):
            break
    return beam[0]


# %% [markdown]
# ## Exercise 5.10 · BLEU (5 points)
#
# How good is a translation when many are right? Count which n-grams (n tokens in a row) of the candidate are in the
# reference; each counts at most **as often as it occurs in the reference**. With $m_n$ matches of $t_n$ n-grams in the
# **whole** corpus (add up the counts first, then divide), and $c$, $r$ tokens in all candidates and all references,
#
# $$\text{BLEU} = b \cdot \left(\prod_{n=1}^{4} \frac{m_n}{t_n}\right)^{1/4}, \qquad
# b = \begin{cases} 1 & c > r \\ e^{1 - r/c} & c \le r \end{cases}$$
#
# The brevity penalty $b$ keeps a machine from saying only what it is sure of. If any $m_n$ is 0, BLEU is 0.


# %%
def ngram_matches(candidate, reference, n):
    grams = [tuple(reference[i : i + n]) for i in range(len(reference) - n + 1)]
    mine = [tuple(candidate[i : i + n]) for i in range(len(candidate) - n + 1)]
    return sum(g in grams for g in mine), len(mine)


def brevity_penalty(candidate_length, reference_length):
    return math.exp(1 - reference_length / candidate_length) if candidate_length else 0.0


def bleu(candidates, references):
    precisions = []
    for n in (1, 2, 3, 4):
        m = t = 0
        for c, r in zip(candidates, references):
            a, b = ngram_matches(c, r, n)
            m, t = m + a, t + b
        if m == 0:
            return 0.0
        precisions.append(m / t)
    c, r = sum(len(c) for c in candidates), sum(len(r) for r in references)
    return brevity_penalty(c, r) * float(np.prod(precisions)) ** (1 / 4)


# %% [markdown]
# ## Exercise 5.11 · Train a translator (12 points)
#
# Words in, digits out: the numbers are spelled out, each word is a token, and so is each digit. Which token stands
# for which word is drawn afresh for every submission, so it has to be learned. PAD is 0, BOS is 1, EOS is 2, and all
# other tokens are larger. Here you may use all of `torch.nn`, `nn.TransformerEncoderLayer` and
# `nn.TransformerDecoderLayer` too.
#
# A recipe that works: width 64, 4 heads, 128 hidden units, one pre-norm encoder layer and one pre-norm decoder layer,
# each stack with a last LayerNorm, no dropout. Batches of 64, Adam. First 3 epochs at a rate of 2e-3; then see what
# positions, a higher rate with warm-up that falls to 0 by the end, and more epochs are worth. Masks in `torch.nn` are
# True where one may **not** look.
#
# **Mind the size of the embedding.** `nn.Embedding` starts with N(0, 1): as large as the positions, and that is
# right. The textbook's factor $\sqrt D$ is meant for embeddings that start at N(0, 1/D). With both, the positions
# drown.


# %%
def train_translator(sources, targets, new_sources, source_size, target_size, seed):
    torch.manual_seed(seed)
    source, target, out = nn.Embedding(source_size, 64), nn.Embedding(target_size, 64), nn.Linear(64, target_size)
    net = nn.Transformer(64, 4, 1, 1, 128, dropout=0.0, batch_first=True, norm_first=True)
    model = nn.ModuleList([source, target, out, net])
    def run(x, y):
        x, y = source(x) * 8, target(y) * 8  # sqrt(64), as in the paper
        x, y = add_positions(x), add_positions(y)
        future = torch.ones(y.shape[1], y.shape[1]).triu(1).bool()
        return out(net(x, y, tgt_mask=future))
    inputs, labels = teacher_forcing(targets, 1, 2, 0)
    opt = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(4):
        total = 0.0
        for rows in torch.randperm(len(sources)).split(64):
            opt.zero_grad()
            loss = nn.functional.cross_entropy(run(sources[rows], inputs[rows]).flatten(0, 1), labels[rows].flatten(), ignore_index=0)
            loss.backward()
            opt.step()
            total += loss.item()
        losses.append(total)
    tokens = torch.ones(len(new_sources), 1, dtype=torch.long)
    with torch.no_grad():
        for _ in range(targets.shape[1] + 1):
            tokens = torch.cat([tokens, run(new_sources, tokens)[:, -1].argmax(-1, keepdim=True)], 1)
    return tokens[:, 1:], losses


# %% [markdown]
# ## Look at it
#
# This cell is for you, and is not run when we grade: the public pairs, and how many unseen numbers you get right.

# %%
if __name__ == "__main__":
    with open("data/numbers.csv", encoding="utf-8") as file:
        pairs = [line.strip().split(",") for line in file][1:]
    for language in (1, 2):  # English, Chinese
        spelled = [pair[language].split() for pair in pairs]
        vocabulary = {word: 3 + i for i, word in enumerate(sorted({word for words in spelled for word in words}))}
        sources = [torch.tensor([vocabulary[word] for word in words]) for words in spelled]
        sources = nn.utils.rnn.pad_sequence(sources, batch_first=True)
        targets = [torch.tensor([3 + int(digit) for digit in pair[0]]) for pair in pairs]
        targets = nn.utils.rnn.pad_sequence(targets, batch_first=True)
        translations, losses = train_translator(
            sources[:4000], targets[:4000], sources[4000:], 3 + len(vocabulary), 13, seed=0
        )
        digits = ["".join(str(int(token) - 3) for token in row if token > 2) for row in translations]
        right = sum(one == pair[0] for one, pair in zip(digits, pairs[4000:]))
        print(f"{right / 5:.1f} % of 500 unseen numbers right; loss {losses[0]:.2f} -> {losses[-1]:.3f}")
