"""Right solutions, written differently: each must get full marks."""

from __future__ import annotations

import heapq
import math
from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F

from autograder.rubric import Variants

variants = Variants()


@variants.equivalent
class loops:
    """Plain loops and Python numbers, as a first solution looks."""

    def positional_encoding(length, width):
        P = torch.zeros(length, width)
        for p in range(length):
            for i in range(width // 2):
                P[p, 2 * i] = math.sin(p / 10000 ** (2 * i / width))
                P[p, 2 * i + 1] = math.cos(p / 10000 ** (2 * i / width))
        return P

    def causal_mask(length):
        mask = torch.zeros(length, length, dtype=torch.bool)
        for t in range(length):
            for s in range(t + 1):
                mask[t, s] = True
        return mask

    def teacher_forcing(targets, bos, eos, pad):
        inputs, labels = [], []
        for row in targets.tolist():
            tokens = [token for token in row if token != pad]
            filling = [pad] * (len(row) - len(tokens))
            inputs.append([bos, *tokens, *filling])
            labels.append([*tokens, eos, *filling])
        return torch.tensor(inputs), torch.tensor(labels)

    def padded_cross_entropy(logits, labels, pad):
        total, count = 0.0, 0
        for b in range(labels.shape[0]):
            for t in range(labels.shape[1]):
                if labels[b, t] != pad:
                    total += float(torch.logsumexp(logits[b, t], 0) - logits[b, t, labels[b, t]])
                    count += 1
        return total / count

    def clip_gradients(gradients, limit):
        norm = math.sqrt(sum(float((g**2).sum()) for g in gradients))
        if norm <= limit:
            return gradients, norm
        return [g * limit / norm for g in gradients], norm

    def ngram_matches(candidate, reference, n):
        left = [reference[i : i + n] for i in range(len(reference) - n + 1)]
        matches = total = 0
        for i in range(len(candidate) - n + 1):
            total += 1
            if candidate[i : i + n] in left:
                left.remove(candidate[i : i + n])
                matches += 1
        return matches, total


@variants.equivalent
class exponentials:
    """The annotated transformer's way with exp and log, and slices; a rotation matrix from blocks."""

    def positional_encoding(length, width):
        P = torch.zeros(length, width, dtype=torch.double)
        position = torch.arange(0, length).unsqueeze(1)
        factor = torch.exp(torch.arange(0, width, 2).double() * -(math.log(10000.0) / width))
        P[:, 0::2] = torch.sin(position * factor)
        P[:, 1::2] = torch.cos(position * factor)
        return P

    def shift_matrix(offset, width):
        angles = [offset * 10000 ** (-2 * i / width) for i in range(width // 2)]
        turns = [[[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]] for a in angles]
        return torch.block_diag(*(torch.tensor(turn, dtype=torch.double) for turn in turns))

    def noam_rate(step, width, warmup):
        if step < warmup:
            return step / math.sqrt(width * warmup**3)
        return 1 / math.sqrt(width * step)

    def noam_rates(steps, width, warmup):
        s = torch.arange(1, steps + 1, dtype=torch.double)
        return width**-0.5 * torch.minimum(s.rsqrt(), s * warmup**-1.5)


@variants.equivalent
class least_squares:
    """The shift found by solving for it, not by trigonometry; positions broadcast in the input's dtype."""

    def shift_matrix(offset, width):
        P = positional_encoding(400, width)
        low, high = max(0, -offset), 400 - max(0, offset)
        return torch.linalg.lstsq(P[low:high], P[low + offset : high + offset]).solution.T

    def add_positions(x):
        P = positional_encoding(x.size(1), x.size(2))
        return x + P.type_as(x).unsqueeze(0).expand_as(x)


@variants.equivalent
class with_numpy:
    """numpy inside, arrays returned."""

    def positional_encoding(length, width):
        angle = np.arange(length)[:, None] / np.power(10000, 2 * (np.arange(width) // 2) / width)
        angle[:, 0::2], angle[:, 1::2] = np.sin(angle[:, 0::2]), np.cos(angle[:, 1::2])
        return angle

    def add_positions(x):
        return x.numpy() + positional_encoding(x.shape[1], x.shape[2]).astype(x.numpy().dtype)

    def shift_matrix(offset, width):
        M = np.zeros((width, width))
        i = np.arange(0, width, 2)
        angle = offset / 10000 ** (i / width)
        M[i, i] = M[i + 1, i + 1] = np.cos(angle)
        M[i, i + 1] = np.sin(angle)
        M[i + 1, i] = -np.sin(angle)
        return M

    def layer_norm_backward(upstream, x, gain, eps=1e-5):
        g, a = upstream.numpy(), x.numpy()
        d = a.shape[-1]
        centred = a - a.mean(-1, keepdims=True)
        inverse = 1 / np.sqrt(a.var(-1, keepdims=True) + eps)
        axes = tuple(range(a.ndim - 1))
        h = g * gain.numpy()
        gvar = (h * centred * -0.5 * inverse**3).sum(-1, keepdims=True)
        gmean = (-h * inverse).sum(-1, keepdims=True)
        gx = h * inverse + gvar * 2 * centred / d + gmean / d
        return gx, (g * centred * inverse).sum(axes), g.sum(axes)

    def accuracies(logits, labels, pad):
        guess, truth = logits.numpy().argmax(-1), labels.numpy()
        real = truth != pad
        whole = [np.array_equal(g[r], t[r]) for g, t, r in zip(guess, truth, real)]
        return (guess == truth)[real].mean(), np.mean(whole)

    def smooth_labels(labels, classes, epsilon):
        return np.eye(classes)[labels.numpy()] * (1 - epsilon) + epsilon / classes

    def smoothed_cross_entropy(logits, labels, pad, epsilon):
        z = logits.numpy()
        z = z - z.max(-1, keepdims=True)
        logp = z - np.log(np.exp(z).sum(-1, keepdims=True))
        q = np.eye(z.shape[-1], dtype=z.dtype)[labels.numpy()] * (1 - epsilon) + epsilon / z.shape[-1]
        return -(q * logp).sum(-1)[labels.numpy() != pad].mean()


@variants.equivalent
class norm_in_numpy:
    """A norm without autograd, in the exercise that is by hand: later gradients do not depend on it."""

    def layer_norm(x, gain, shift, eps=1e-5):
        a = x.numpy()
        centred = a - a.mean(-1, keepdims=True)
        return torch.from_numpy(gain.numpy() * centred / np.sqrt(a.var(-1, keepdims=True) + eps) + shift.numpy())


@variants.equivalent
class one_pass_variance:
    """The variance from torch.var, rsqrt, addcmul."""

    def layer_norm(x, gain, shift, eps=1e-5):
        var, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
        return torch.addcmul(shift, gain, (x - mean) * torch.rsqrt(var + eps))

    def feed_forward(x, W1, b1, W2, b2):
        return F.linear(F.relu(F.linear(x, W1, b1)), W2, b2)


@variants.equivalent
class by_matrix:
    """Each token's Jacobian built and multiplied: slow and right. The norm as a projection."""

    def layer_norm(x, gain, shift, eps=1e-5):
        d = x.shape[-1]
        centre = torch.eye(d, dtype=x.dtype) - 1 / d
        c = x @ centre
        return c / ((c * c).sum(-1, keepdim=True) / d + eps) ** 0.5 * gain + shift

    def layer_norm_backward(upstream, x, gain, eps=1e-5):
        d = x.shape[-1]
        rows, ups = x.reshape(-1, d), upstream.reshape(-1, d)
        gx, ggain = torch.empty_like(rows), torch.zeros_like(gain)
        for i, (row, up) in enumerate(zip(rows, ups)):
            c = row - row.mean()
            s = torch.sqrt((c**2).mean() + eps)
            J = (torch.eye(d, dtype=x.dtype) - 1 / d) / s - torch.outer(c, c) / (d * s**3)
            gx[i] = J @ (gain * up)
            ggain = ggain + up * c / s
        return gx.reshape(x.shape), ggain, ups.sum(0)


@variants.equivalent
class double_inside:
    """Everything in float64, whatever came in; results cast back."""

    def layer_norm(x, gain, shift, eps=1e-5):
        y, g, s = x.double(), gain.double(), shift.double()
        y = y - y.mean(-1, keepdim=True)
        return (g * y / (y.pow(2).mean(-1, keepdim=True) + eps).sqrt() + s).to(x.dtype)

    def padded_cross_entropy(logits, labels, pad):
        z = logits.double().flatten(0, 1)
        keep = labels.flatten() != pad
        cost = z[keep].logsumexp(dim=1) - z[keep, labels.flatten()[keep]]
        return cost.mean().to(logits.dtype)

    def positional_encoding(length, width):
        p, i = torch.meshgrid(torch.arange(length).double(), torch.arange(width).double(), indexing="ij")
        angle = p / torch.pow(torch.tensor(10000.0, dtype=torch.double), (i - i % 2) / width)
        return torch.where(i % 2 == 1, torch.cos(angle), torch.sin(angle))


@variants.equivalent
class single_precision:
    """float32 wherever the dtype is free."""

    def positional_encoding(length, width):
        P = torch.zeros(length, width)
        position = torch.arange(length).unsqueeze(1)
        factor = torch.exp(torch.arange(0, width, 2).float() * (-math.log(10000.0) / width))
        P[:, 0::2] = torch.sin(position * factor)
        P[:, 1::2] = torch.cos(position * factor)
        return P

    def shift_matrix(offset, width):
        angle = offset / torch.pow(10000.0, torch.arange(0, width, 2) / width)
        turns = torch.stack([angle.cos(), angle.sin(), -angle.sin(), angle.cos()], dim=1).reshape(-1, 2, 2)
        return torch.block_diag(*turns)


@variants.equivalent
class sublayers:
    """Blocks made of one helper and functions; the sums accumulate in place."""

    def pre_norm_block(x, p, heads, mask=None):
        def attend(y):
            return attention(y, y, p["attention"], heads, mask)

        x = x + attend(layer_norm(x, p["norm1"][0], p["norm1"][1]))
        y = x.clone()
        y += feed_forward(layer_norm(y, *p["norm2"]), *p["ffn"])
        return y

    def post_norm_block(x, p, heads, mask=None):
        (g1, s1), (g2, s2) = p["norm1"], p["norm2"]
        sublayers = [
            (lambda y: attention(y, y, p["attention"], heads, mask), g1, s1),
            (lambda y: feed_forward(y, *p["ffn"]), g2, s2),
        ]
        for sublayer, gain, shift in sublayers:
            x = layer_norm(x + sublayer(x), gain, shift, eps=1e-5)
        return x

    def feed_forward(x, W1, b1, W2, b2):
        hidden = torch.einsum("btd,fd->btf", x, W1) + b1
        return torch.einsum("btf,df->btd", hidden.clamp(min=0), W2) + b2


@variants.equivalent
class token_by_token:
    """The decoder computed one token after the other, each seeing only what is before: no causal mask at all."""

    def decoder_block(x, memory, p, heads, memory_mask=None):
        normal = layer_norm(x, *p["norm1"])
        looked = [attention(normal[:, t : t + 1], normal[:, : t + 1], p["self"], heads) for t in range(x.shape[1])]
        x = x + torch.cat(looked, dim=1)
        x = x + attention(layer_norm(x, *p["norm2"]), memory, p["cross"], heads, memory_mask)
        return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])

    def causal_mask(length):
        position = torch.arange(length)
        return position[None, :] <= position[:, None]

    def padding_mask(tokens, pad):
        return tokens.ne(pad).unsqueeze(1).unsqueeze(2)


@variants.equivalent
class negated_masks:
    """~triu for the causal mask; == and logical_not for padding; the causal mask with extra dimensions inside."""

    def causal_mask(length):
        return ~torch.triu(torch.ones(length, length), diagonal=1).bool()

    def padding_mask(tokens, pad):
        return torch.logical_not(tokens == pad).view(tokens.shape[0], 1, 1, -1)

    def decoder_block(x, memory, p, heads, memory_mask=None):
        if memory_mask is None:
            memory_mask = torch.ones(memory.shape[0], 1, 1, memory.shape[1], dtype=torch.bool)
        seen = causal_mask(x.shape[1])[None, None].expand(x.shape[0], heads, -1, -1)
        y = layer_norm(x, *p["norm1"])
        x = attention(y, y, p["self"], heads, seen) + x
        x = attention(layer_norm(x, *p["norm2"]), memory, p["cross"], heads, memory_mask) + x
        return feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"]) + x


@variants.equivalent
class one_hot:
    """One-hot sums, where and explicit softmax; Python floats as results."""

    def padded_cross_entropy(logits, labels, pad):
        z = logits - logits.amax(dim=-1, keepdim=True)
        log_p = z - z.exp().sum(dim=-1, keepdim=True).log()
        cost = -(F.one_hot(labels, logits.shape[-1]) * log_p).sum(-1)
        real = (labels != pad).to(cost.dtype)
        return ((cost * real).sum() / real.sum()).item()

    def cross_entropy_gradient(logits, labels, pad):
        real = labels != pad
        p = torch.softmax(logits, dim=-1)
        p[torch.arange(labels.shape[0])[:, None], torch.arange(labels.shape[1]), labels] -= 1
        return torch.where(real.unsqueeze(-1), p, torch.zeros_like(p)) / real.sum()

    def accuracies(logits, labels, pad):
        guess = logits.argmax(-1)
        guess = guess.where(labels != pad, labels)
        wrong = (guess != labels).sum()
        return 1 - float(wrong) / int((labels != pad).sum()), float((guess == labels).all(-1).float().mean())

    def smooth_labels(labels, classes, epsilon):
        q = torch.full((*labels.shape, classes), epsilon / classes)
        return q.scatter(2, labels.unsqueeze(2), 1 - epsilon + epsilon / classes)

    def smoothed_cross_entropy(logits, labels, pad, epsilon):
        log_p = torch.log_softmax(logits, dim=-1)
        hit = log_p.gather(2, labels.unsqueeze(2)).squeeze(2)
        cost = -(1 - epsilon) * hit - epsilon * log_p.mean(dim=2)
        return (cost * (labels != pad)).sum() / (labels != pad).sum()


@variants.equivalent
class comparison_with_where:
    """Teacher forcing without indexing: EOS is written where a sequence has just ended."""

    def teacher_forcing(targets, bos, eos, pad):
        inputs = F.pad(targets, (1, 0), value=bos)
        longer = F.pad(targets, (0, 1), value=pad)
        just_ended = (longer == pad) & ((inputs != pad) | (torch.arange(longer.shape[1]) == 0))
        return inputs, longer.where(~just_ended, torch.tensor(eos))


@variants.equivalent
class library_clipping:
    """A small number beside the norm, as libraries do; norms of norms."""

    def clip_gradients(gradients, limit):
        norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients]))
        factor = torch.clamp(limit / (norm + 1e-7), max=1.0)
        return tuple(g * factor for g in gradients), norm


@variants.equivalent
class concatenated:
    """All gradients as one vector, cut up again."""

    def clip_gradients(gradients, limit):
        flat = torch.cat([g.reshape(-1) for g in gradients])
        norm = flat.norm()
        if norm > limit:
            flat = flat / norm * limit
        pieces = flat.split([g.numel() for g in gradients])
        return [piece.view(g.shape) for piece, g in zip(pieces, gradients)], norm


@variants.equivalent
class topk_beam:
    """Beam search with topk over a flattened table of scores; tensors for sequences."""

    def log_probability(table, tokens, bos):
        total, last = 0.0, bos
        for step, token in enumerate(tokens):
            total += float(torch.log_softmax(table[step, last], 0)[token])
            last = token
        return total

    def greedy_decode(table, bos, eos, limit):
        tokens = torch.tensor([bos])
        for _ in range(limit):
            token = decoder_logits(table, tokens.tolist())[-1].topk(1).indices
            tokens = torch.cat([tokens, token])
            if token.item() == eos:
                break
        return tokens[1:]

    def beam_search(table, bos, eos, limit, width):
        classes = table.shape[2]
        sequences, scores = [[bos]], torch.zeros(1, dtype=table.dtype)
        for _ in range(limit):
            grown = torch.full((len(sequences), classes), -torch.inf, dtype=table.dtype)
            for i, tokens in enumerate(sequences):
                if tokens[-1] == eos:
                    grown[i, eos] = scores[i]
                else:
                    grown[i] = scores[i] + decoder_logits(table, tokens)[-1].log_softmax(0)
            count = min(width, int(grown.isfinite().sum()))
            scores, chosen = grown.flatten().topk(count)
            parents = [(sequences[int(c) // classes], int(c) % classes) for c in chosen]
            sequences = [tokens if tokens[-1] == eos else [*tokens, token] for tokens, token in parents]
            if all(tokens[-1] == eos for tokens in sequences):
                break
        return sequences[0][1:], scores[0]


@variants.equivalent
class heap_beam:
    """Beam search with a heap of negative log-probabilities, and a greedy search that is a beam of one."""

    def beam_search(table, bos, eos, limit, width):
        beam = [(0.0, [bos])]
        for _ in range(limit):
            if all(tokens[-1] == eos for _, tokens in beam):
                break
            pool = [entry for entry in beam if entry[1][-1] == eos]
            for cost, tokens in beam:
                if tokens[-1] != eos:
                    steps = -torch.log_softmax(decoder_logits(table, tokens)[len(tokens) - 1], dim=-1)
                    pool.extend((cost + steps[v].item(), [*tokens, v]) for v in range(table.shape[-1]))
            beam = heapq.nsmallest(width, pool)
        cost, tokens = min(beam)
        return tokens[1:], -cost

    def greedy_decode(table, bos, eos, limit):
        return beam_search(table, bos, eos, limit, 1)[0]


@variants.equivalent
class logs_of_precisions:
    """BLEU as the textbook's exponential of a mean of logarithms, with plain dictionaries."""

    def ngram_matches(candidate, reference, n):
        def count(tokens):
            counts = {}
            for i in range(len(tokens) - n + 1):
                key = " ".join(map(str, tokens[i : i + n]))
                counts[key] = counts.get(key, 0) + 1
            return counts

        have, want = count(candidate), count(reference)
        return sum(min(c, want.get(g, 0)) for g, c in have.items()), sum(have.values())

    def brevity_penalty(candidate_length, reference_length):
        if candidate_length > reference_length:
            return 1
        if candidate_length == 0:
            return 0
        return np.exp(1 - reference_length / candidate_length)

    def bleu(candidates, references):
        m, t = np.zeros(4), np.zeros(4)
        for c, r in zip(candidates, references):
            for n in range(4):
                one = ngram_matches(c, r, n + 1)
                m[n] += one[0]
                t[n] += one[1]
        if (m == 0).any():
            return 0.0
        c, r = sum(len(s) for s in candidates), sum(len(s) for s in references)
        return brevity_penalty(c, r) * np.exp(np.log(m / t).mean())


@variants.equivalent
class counters:
    """Counters per sentence, added up."""

    def ngram_matches(candidate, reference, n):
        have = Counter(tuple(candidate[i : i + n]) for i in range(len(candidate) - n + 1))
        want = Counter(tuple(reference[i : i + n]) for i in range(len(reference) - n + 1))
        return torch.tensor(sum((have & want).values())), torch.tensor(sum(have.values()))


@variants.equivalent
class whole_transformer:
    """nn.Transformer, AdamW with OneCycleLR, and lists of tokens for translations, decoded one sentence at a time."""

    def train_translator(sources, targets, new_sources, source_size, target_size, seed):
        torch.manual_seed(seed)
        width = 64
        source, target = torch.nn.Embedding(source_size, width), torch.nn.Embedding(target_size, width)
        network = torch.nn.Transformer(width, 4, 1, 1, 128, dropout=0.0, batch_first=True, norm_first=True)
        output = torch.nn.Linear(width, target_size)
        model = torch.nn.ModuleList([source, target, network, output])

        def logits_of(words, digits):
            hidden = words == 0
            future = torch.nn.Transformer.generate_square_subsequent_mask(digits.shape[1]) < 0
            x, y = add_positions(source(words)), add_positions(target(digits))
            return output(
                network(
                    x,
                    y,
                    tgt_mask=future,
                    src_key_padding_mask=hidden,
                    memory_key_padding_mask=hidden,
                    tgt_key_padding_mask=digits == 0,
                )
            )

        epochs = 8
        inputs, labels = teacher_forcing(targets, 1, 2, 0)
        optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3, betas=(0.9, 0.98), weight_decay=0.0)
        steps = epochs * math.ceil(len(sources) / 64)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, steps, pct_start=0.12)
        losses = []
        for _ in range(epochs):
            costs = []
            for rows in torch.randperm(len(sources)).split(64):
                optimiser.zero_grad()
                loss = padded_cross_entropy(logits_of(sources[rows], inputs[rows]), labels[rows], 0)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimiser.step()
                schedule.step()
                costs.append(loss.item())
            losses.append(sum(costs) / len(costs))
        model.eval()
        translations = []
        with torch.no_grad():
            for words in new_sources:
                words = words[words != 0][None]
                tokens = [1]
                while tokens[-1] != 2 and len(tokens) < targets.shape[1] + 4:
                    tokens.append(int(logits_of(words, torch.tensor([tokens]))[0, -1].argmax()))
                translations.append(tokens)
        return translations, losses


@variants.equivalent
class what_is_left_open:
    """Waves and smoothed labels in float32, a tensor of tokens, and the given gradients where nothing is clipped."""

    def positional_encoding(length, width):
        position = torch.arange(length)[:, None]
        rates = torch.exp(torch.arange(0, width, 2) * -(math.log(10000.0) / width))
        encoding = torch.zeros(length, width)
        encoding[:, 0::2], encoding[:, 1::2] = torch.sin(position * rates), torch.cos(position * rates)
        return encoding

    def smooth_labels(labels, classes, epsilon):
        return (1 - epsilon) * F.one_hot(labels, classes).float() + epsilon / classes

    def accuracies(logits, labels, pad):
        real = labels != pad
        right = logits.argmax(dim=2) == labels
        return right[real].double().mean(), (right | ~real).all(dim=1).float().mean()

    def clip_gradients(gradients, limit):
        norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
        if norm <= limit:
            return gradients, norm
        return [gradient * limit / norm for gradient in gradients], norm

    def greedy_decode(table, bos, eos, limit):
        tokens = [bos]
        while len(tokens) <= limit and (len(tokens) == 1 or tokens[-1] != eos):
            tokens.append(int(decoder_logits(table, tokens)[-1].argmax()))
        return torch.tensor(tokens[1:])
