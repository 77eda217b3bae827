"""Clusters in a warehouse: the same counts and the same lines over treated neighbours as from a file, and no name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pytest

from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.sources.warehouse.source import open_table
from copilot_tools.stats.spec import Clusters
from copilot_tools.stats.validity.interference import neighbour_slope
from tools.stats.sources.warehouse.warehouse_worlds import both, plan, world


@pytest.mark.parametrize("named", [True, False])
def test_clusters_are_counted_alike(tmp_path: Path, postgres: psycopg.Connection, named: bool) -> None:
    """Households by name or by number, some unknown: counts are equal, and slopes to 1e-9."""
    data = world(1_800)
    house = np.random.default_rng(2).integers(0, 700, 1_800)
    cells = [None if h % 50 == 0 else f"h{h}" if named else int(h) for h in house.tolist()]
    data = data.append_column("house", pa.array(cells))
    path = both(tmp_path, postgres, data)
    spec = plan(clusters=Clusters(column="house"), exposure=None)
    expected = open_file(path).scan(spec, metrics=spec.metrics)
    found = open_table(postgres, "lab.results").scan(spec, metrics=spec.metrics)
    assert expected.clusters
    assert found.clusters == expected.clusters
    assert found.dimensions == expected.dimensions
    assert "house" not in found.dimensions
    for ours, theirs in zip(found.neighbours, expected.neighbours, strict=True):
        one, other = neighbour_slope(ours.moments), neighbour_slope(theirs.moments)
        assert one is not None
        assert other is not None
        assert one.clusters == other.clusters
        assert one[:2] == pytest.approx(other[:2], rel=1e-9)
    blinded = open_table(postgres, "lab.results").scan(spec, metrics=())
    assert (blinded.neighbours, blinded.clusters) == ((), found.clusters)
