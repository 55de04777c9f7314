from dataclasses import dataclass

import torch


@dataclass
class Recipe:
    epochs: int
    batch: int
    rate: float


def train(model, x, y, recipe):
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.rate)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, recipe.epochs)
    losses = []
    for epoch in range(recipe.epochs):
        order = torch.randperm(len(x))
        for start in range(0, len(x), recipe.batch):
            rows = order[start:start + recipe.batch]
            optimizer.zero_grad()
            loss = (model(x[rows]).squeeze(1) - y[rows]).abs().mean()
            loss.backward()
            optimizer.step()
        scheduler.step()
        with torch.no_grad():
            losses.append(float((model(x).squeeze(1) - y).abs().mean()))
    return losses
