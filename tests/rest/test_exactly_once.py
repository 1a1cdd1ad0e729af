"""create_once creates exactly one item under every seed of dropped connections and refusals; naive clients do not."""

from __future__ import annotations

import contextlib
from typing import Any

import httpx
import pytest

from autograder.loopback.rest_api import DropAfter, random_faults, rest_api
from tests.rest.solved import solved

SEEDS = range(100)
WASHER = {"name": "washer", "quantity": 5}


def test_the_solution_creates_exactly_one_under_every_seed() -> None:
    create_once = solved("create_once")
    for seed in SEEDS:
        faults = random_faults(seed)
        with rest_api(faults=faults) as api:
            made = create_once(api.base_url, WASHER, f"key of seed {seed}")
            assert api.items == [{"id": 1, **WASHER}], f"seed {seed}: {faults}"
            assert made == api.items[0], f"seed {seed}: {faults}"
            assert len(api.requests) == len(faults) + 1, f"seed {seed}: {faults}"
            assert api.errors == []


def without_a_key(base_url: str, client: httpx.Client) -> Any:
    """A client that tries again and again, and does not say that it is the same wish."""
    for _ in range(5):
        with contextlib.suppress(httpx.TransportError):
            response = client.post(f"{base_url}/items", json=WASHER)
            if response.status_code == 201:
                return response.json()
    raise AssertionError("five tries are enough for at most four faults")


def test_without_a_key_the_same_faults_make_too_many() -> None:
    counts = []
    with httpx.Client(trust_env=False) as client:
        for seed in SEEDS[:40]:
            faults = random_faults(seed)
            with rest_api(faults=faults) as api:
                without_a_key(api.base_url, client)
                counts.append(len(api.items))
                assert len(api.items) == 1 + sum(isinstance(fault, DropAfter) for fault in faults)
    assert counts.count(1) < 30 and max(counts) >= 3


def test_with_one_try_the_same_faults_leave_no_answer() -> None:
    with httpx.Client(trust_env=False) as client:
        for seed in SEEDS[:10]:
            with rest_api(faults=random_faults(seed)) as api:
                try:
                    response = client.post(f"{api.base_url}/items", json=WASHER)
                except httpx.TransportError:
                    continue
                assert response.status_code == 503


def test_the_sum_of_five_faults_is_too_much() -> None:
    with rest_api(faults=[DropAfter()] * 5) as api, pytest.raises(RuntimeError, match="5 tries were in vain"):
        solved("create_once")(api.base_url, WASHER, "one key")
    assert len(api.items) == 1 and len(api.requests) == 5
