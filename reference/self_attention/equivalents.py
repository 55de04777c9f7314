"""Right solutions, written differently: each must get full marks."""

from __future__ import annotations

import numpy as np
import torch

from autograder.rubric import Variants

variants = Variants()


@variants.equivalent
class loops:
    """Plain loops, one query and one key at a time."""

    def attention(q, k, v):
        if q.ndim > 2:
            return torch.stack([attention(*parts) for parts in zip(q, k, v)])
        rows = []
        for query in q:
            z = [query @ key / len(query) ** 0.5 for key in k]
            powers = [2.718281828459045 ** (one - max(z)) for one in z]
            rows.append(sum(p / sum(powers) * value for p, value in zip(powers, v)))
        return torch.stack(rows)

    def split_heads(x, heads):
        batch, length, width = x.shape
        d = width // heads
        out = torch.empty(batch, heads, length, d, dtype=x.dtype)
        for b in range(batch):
            for h in range(heads):
                for t in range(length):
                    out[b, h, t] = x[b, t, h * d : (h + 1) * d]
        return out

    def merge_heads(x):
        return torch.cat([x[:, h] for h in range(x.shape[1])], dim=-1)

    def padding_mask(lengths, size):
        return torch.tensor([[t < int(n) for t in range(size)] for n in lengths])

    def causal_mask(length):
        return torch.tensor([[s <= t for s in range(length)] for t in range(length)])

    def offset_mask(length, offset):
        return torch.tensor([[s == t + offset for s in range(length)] for t in range(length)])

    def masked_mean(x, mask):
        out = torch.zeros(x.shape[0], x.shape[2], dtype=x.dtype)
        for row, (frames, real) in enumerate(zip(x, mask)):
            if real.any():
                out[row] = frames[real].mean(dim=0)
        return out


@variants.equivalent
class einsum:
    """einsum everywhere."""

    def scores(q, k):
        return torch.einsum("...td,...sd->...ts", q, k) * q.shape[-1] ** -0.5

    def attention(q, k, v):
        return torch.einsum("...ts,...se->...te", softmax(scores(q, k)), v)

    def attention_backward(upstream, q, k, v):
        a = softmax(scores(q, k))
        da = torch.einsum("...te,...se->...ts", upstream, v)
        dz = softmax_backward(da, a) * q.shape[-1] ** -0.5
        dq = torch.einsum("...ts,...sd->...td", dz, k)
        dk = torch.einsum("...ts,...td->...sd", dz, q)
        return dq, dk, torch.einsum("...ts,...te->...se", a, upstream)

    def attention_pool(x, mask, w):
        return torch.einsum("bt,bte->be", masked_softmax(torch.einsum("bte,e->bt", x, w), mask), x)


@variants.equivalent
class queries_scaled_first:
    """The query is divided before the product, and the softmax is exp of a log-softmax by hand."""

    def scores(q, k):
        return (q / q.shape[-1] ** 0.5) @ k.mT

    def softmax(z):
        return torch.exp(z - torch.logsumexp(z, dim=-1, keepdim=True))


@variants.equivalent
class both_sides_scaled:
    """Queries and keys are each divided by the fourth root of the width."""

    def scores(q, k):
        root = q.shape[-1] ** 0.25
        return (q / root) @ (k / root).transpose(-2, -1)


@variants.equivalent
class full_jacobian:
    """The softmax's Jacobian as a matrix, diag(a) - a a^T."""

    def softmax_backward(upstream, a):
        jacobian = torch.diag_embed(a) - a.unsqueeze(-1) * a.unsqueeze(-2)
        return (jacobian @ upstream.unsqueeze(-1)).squeeze(-1)


@variants.equivalent
class with_numpy:
    """numpy inside, and arrays returned, where nothing is trained."""

    def attention_backward(upstream, q, k, v):
        z = np.exp(q.numpy() @ np.swapaxes(k.numpy(), -1, -2) / q.shape[-1] ** 0.5)
        a = z / z.sum(-1, keepdims=True)
        da = upstream.numpy() @ np.swapaxes(v.numpy(), -1, -2)
        dz = a * (da - (da * a).sum(-1, keepdims=True)) / q.shape[-1] ** 0.5
        return [dz @ k.numpy(), np.swapaxes(dz, -1, -2) @ q.numpy(), np.swapaxes(a, -1, -2) @ upstream.numpy()]

    def conv_by_attention(x, kernel):
        out, half = np.zeros((x.shape[0], x.shape[1], kernel.shape[2])), len(kernel) // 2
        for t in range(x.shape[1]):
            for j in range(len(kernel)):
                if 0 <= t + j - half < x.shape[1]:
                    out[:, t] += x[:, t + j - half].numpy() @ kernel[j].numpy()
        return torch.from_numpy(out).to(x.dtype)


@variants.equivalent
class library_softmax_behind_a_mask:
    """The library's softmax on -inf, and NaN rows put to zero."""

    def masked_softmax(z, mask):
        return torch.nan_to_num(torch.softmax(z.masked_fill(~mask, float("-inf")), dim=-1), nan=0.0)


@variants.equivalent
class very_negative:
    """-1e9 instead of -inf, and the rule as a factor afterwards."""

    def masked_softmax(z, mask):
        return softmax(torch.where(mask, z, -1e9)) * mask.any(dim=-1, keepdim=True)


@variants.equivalent
class smallest_number:
    """The dtype's smallest number is added, then masked weights are set to zero."""

    def masked_softmax(z, mask):
        hidden = torch.zeros_like(z).masked_fill(~mask, torch.finfo(z.dtype).min / 2)
        return softmax(z + hidden).masked_fill(~mask, 0.0)


@variants.equivalent
class other_views:
    """unflatten, chunk and stack; results that are not contiguous."""

    def split_heads(x, heads):
        return torch.stack(x.chunk(heads, dim=-1), dim=1)

    def merge_heads(x):
        return x.movedim(1, 2).flatten(2)

    def padding_mask(lengths, size):
        return (lengths.unsqueeze(1) > torch.arange(size).unsqueeze(0)).int().bool()

    def scores(q, k):
        return (k @ q.transpose(-1, -2) / q.shape[-1] ** 0.5).transpose(-1, -2)


@variants.equivalent
class head_by_head:
    """A loop over the heads, on slices of the features, and one big product for the projections."""

    def multi_head_attention(x, memory, wq, wk, wv, wo, heads):
        d = x.shape[-1] // heads
        q = x @ wq
        k, v = (memory @ torch.cat([wk, wv], dim=1)).chunk(2, dim=-1)
        out = torch.zeros_like(x)
        for h in range(heads):
            part = slice(h * d, (h + 1) * d)
            out = out + attention(q[..., part], k[..., part], v[..., part]) @ wo[part]
        return out

    def masked_multi_head(x, memory, wq, wk, wv, wo, heads, mask):
        d = x.shape[-1] // heads
        q, k, v = x @ wq, memory @ wk, memory @ wv
        parts = [slice(h * d, (h + 1) * d) for h in range(heads)]
        return torch.cat([masked_attention(q[..., p], k[..., p], v[..., p], mask) for p in parts], dim=-1) @ wo


@variants.equivalent
class folded_into_the_batch:
    """Heads become part of the batch, as bmm wants it."""

    def multi_head_attention(x, memory, wq, wk, wv, wo, heads):
        def fold(part):
            return split_heads(part, heads).flatten(0, 1)

        z = torch.bmm(fold(x @ wq), fold(memory @ wk).transpose(1, 2)) / (x.shape[-1] // heads) ** 0.5
        out = torch.bmm(softmax(z), fold(memory @ wv))
        return merge_heads(out.unflatten(0, (len(x), heads))) @ wo


@variants.equivalent
class one_function_for_all:
    """The plain versions are the masked ones with a mask of True."""

    def attention(q, k, v):
        return masked_attention(q, k, v, torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool))

    def masked_attention(q, k, v, mask):
        z = torch.matmul(q, k.transpose(-1, -2)) / q.size(-1) ** 0.5
        z = z.masked_fill(mask.logical_not(), float("-inf"))
        top = z.amax(dim=-1, keepdim=True).clamp(min=-1e30)
        powers = (z - top).exp()
        return (powers / powers.sum(dim=-1, keepdim=True).clamp(min=1e-30)) @ v


@variants.equivalent
class by_autograd:
    """Both Jacobians from autograd, which is allowed there."""

    def rnn_jacobian(x, w, u):
        def last(first):
            state = torch.zeros(len(w), dtype=x.dtype)
            for t in range(len(x)):
                state = torch.tanh(w @ state + u @ (first if t == 0 else x[t]))
            return state

        return torch.autograd.functional.jacobian(last, x[0])

    def attention_jacobian(x):
        x = x.clone().requires_grad_(True)
        out = attention(x, x, x)[-1]
        return torch.stack([torch.autograd.grad(one, x, retain_graph=True)[0][0] for one in out])


@variants.equivalent
class backwards_in_time:
    """The RNN's Jacobian from the end, as a product of matrices; the convolution with padding and slices."""

    def rnn_jacobian(x, w, u):
        states, state = [], torch.zeros(w.shape[0], dtype=x.dtype)
        for frame in x:
            state = torch.tanh(u @ frame + w @ state)
            states.append(state)
        product = torch.eye(w.shape[0], dtype=x.dtype)
        for state in reversed(states[1:]):
            product = product @ torch.diag(1 - state**2) @ w
        return product @ torch.diag(1 - states[0] ** 2) @ u

    def conv_by_attention(x, kernel):
        half, length = kernel.shape[0] // 2, x.shape[1]
        out = 0
        for j in range(kernel.shape[0]):
            weights = torch.zeros(length, length, dtype=x.dtype)
            for t in range(length):
                if 0 <= t + j - half < length:
                    weights[t, t + j - half] = 1
            out = out + weights @ x @ kernel[j]
        return out

    def local_attention(q, k, v, radius):
        length = q.shape[-2]
        mask = torch.ones(length, length).triu(-radius).tril(radius) > 0
        return masked_attention(q, k, v, mask)


@variants.equivalent
class one_query_pools:
    """Pooling as attention with a single learned query; answers given as other kinds of numbers."""

    def attention_pool(x, mask, w):
        query = (w * len(w) ** 0.5).expand(len(x), 1, -1)
        return masked_attention(query, x, x, mask[:, None, :]).squeeze(1)

    def masked_mean(x, mask):
        return torch.stack([row[real].sum(0) / max(int(real.sum()), 1) for row, real in zip(x, mask)])

    def permutation_gap(x, order, positions, wq, wk, wv, wo, heads):
        one = attend_with_positions(x[:, order], positions, wq, wk, wv, wo, heads)
        two = attend_with_positions(x, positions, wq, wk, wv, wo, heads)[:, order]
        return float(torch.max(torch.abs(one - two)))

    ANSWERS = {
        "RNN, more updates": 99.0,
        "CNN, layers": torch.tensor(50),
        "self-attention, layers": 1,
        "self-attention, scores": 8 * 100**2,
    }


@variants.equivalent
class allowed_in_other_words:
    """What the handout leaves open: view, a tiny number in the denominator, a large one for -inf, 0 for what is 0."""

    def softmax(z):
        powers = torch.exp(z - z.max(dim=-1, keepdim=True).values)
        return powers / (powers.sum(dim=-1, keepdim=True) + 1e-9)

    def split_heads(x, heads):
        return x.view(x.shape[0], x.shape[1], heads, x.shape[2] // heads).transpose(1, 2)

    def merge_heads(x):
        return x.transpose(1, 2).contiguous().view(x.shape[0], x.shape[2], -1)

    def masked_softmax(z, mask):
        z = z.masked_fill(~mask, -1e4)
        powers = torch.exp(z - z.max(dim=-1, keepdim=True).values)
        return mask.any(dim=-1, keepdim=True) * powers / (powers.sum(dim=-1, keepdim=True) + 1e-9)

    def permutation_gap(x, order, positions, wq, wk, wv, wo, heads):
        if positions is None:
            return torch.zeros((), dtype=x.dtype)
        before = attend_with_positions(x[:, order], positions, wq, wk, wv, wo, heads)
        after = attend_with_positions(x, positions, wq, wk, wv, wo, heads)[:, order]
        return (before - after).abs().max()
