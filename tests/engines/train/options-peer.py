"""Writes options-peer.json: what PyTorch (torch 2.15, CPU) makes of the same numbers: optimizers, schedules, layers.

python tests/engines/train/options-peer.py
"""
import json
import os

import torch

generator = torch.Generator().manual_seed(3)
start = torch.randn(6, generator=generator)
gradients = torch.randn(5, 6, generator=generator)

OPTIMIZERS = [
    ({"optimizer": "sgd", "momentum": 0.9, "weightDecay": 0}, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
    ({"optimizer": "sgd", "momentum": 0.5, "weightDecay": 0.02},
     lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.5, weight_decay=0.02)),
    ({"optimizer": "adam", "momentum": 0.9, "weightDecay": 0}, lambda p: torch.optim.Adam(p, lr=0.1)),
    ({"optimizer": "adam", "momentum": 0.9, "weightDecay": 0.3},
     lambda p: torch.optim.Adam(p, lr=0.1, weight_decay=0.3)),
    ({"optimizer": "adamw", "momentum": 0.9, "weightDecay": 0.3},
     lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.3)),
    ({"optimizer": "adam", "momentum": 0.9, "weightDecay": 0, "clipNorm": 1.5}, lambda p: torch.optim.Adam(p, lr=0.1)),
    ({"optimizer": "sgd", "momentum": 0.9, "weightDecay": 0, "clipNorm": 1.5},
     lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
]
optimizers = []
for spec, make in OPTIMIZERS:
    parameter = torch.nn.Parameter(start.clone())
    optimizer = make([parameter])
    steps = []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        if "clipNorm" in spec:
            torch.nn.utils.clip_grad_norm_([parameter], spec["clipNorm"])
        optimizer.step()
        steps.append(parameter.detach().tolist())
    optimizers.append({"spec": spec, "steps": steps})


def rates(make, steps=20):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
    scheduler = make(optimizer, steps)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step() if len(found) < steps else None
    return found


schedules = [
    {"spec": {"schedule": "oneCycle", "warmUp": 0},
     "rates": rates(lambda o, n: torch.optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=n))},
    {"spec": {"schedule": "oneCycle", "warmUp": 0.5},
     "rates": rates(lambda o, n: torch.optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=n, pct_start=0.5))},
    {"spec": {"schedule": "cosine", "warmUp": 0},
     "rates": rates(lambda o, n: torch.optim.lr_scheduler.CosineAnnealingLR(o, n))},
]
x = torch.randn(4, 5, generator=generator) * 2
gain, shift = torch.randn(5, generator=generator), torch.randn(5, generator=generator)
layers = {
    "x": x.tolist(), "gain": gain.tolist(), "shift": shift.tolist(),
    "gelu": torch.nn.functional.gelu(x).tolist(), "tanh": torch.tanh(x).tolist(), "relu": torch.relu(x).tolist(),
    "layer": torch.nn.functional.layer_norm(x, (5,), gain, shift).tolist(),
}
with open(os.path.join(os.path.dirname(__file__), "options-peer.json"), "w") as file:
    json.dump({"start": start.tolist(), "gradients": gradients.tolist(), "optimizers": optimizers,
               "schedules": schedules, "layers": layers}, file, separators=(",", ":"))
    file.write("\n")
