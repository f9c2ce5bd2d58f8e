"""Some answers in every run of the suite; `make synctrace` looks at a thousand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.webhooks.synctrace.trace import read, run

SYNCED = [
    '1 1.0 recvfrom(7<TCP:[127.0.0.1:1->127.0.0.1:2]>, "POST /outreach HTTP/1.1\\r\\n", 99, 0, NULL, NULL) = 99',
    '2 1.1 pwrite64(9</inbox.db-wal>, "..."..., 4096, 0) = 4096',
    "2 1.2 fdatasync(9</inbox.db-wal> <unfinished ...>",
    '1 1.3 write(1<pipe:[1]>, "a", 1) = 1',
    "2 1.4 <... fdatasync resumed>)        = 0",
    '1 1.5 write(7<TCP:[127.0.0.1:1->127.0.0.1:2]>, "HTTP/1.1 200 OK\\r\\n", 99) = 99',
]


@pytest.mark.needs_tool("strace")
@pytest.mark.timeout(120)
@pytest.mark.parametrize(("normal", "all_synced"), [(False, True), (True, False)])
def test_no_delivery_is_answered_before_its_log_is_synced(normal: bool, all_synced: bool, tmp_path: Path) -> None:
    answered, synced = run(tmp_path, 20, normal=normal)
    assert answered == 20
    assert (synced == answered) is all_synced


def test_the_reading_of_a_trace_tells_the_cases_apart() -> None:
    assert read(SYNCED) == (1, 1)
    assert read([line for line in SYNCED if "fdatasync" not in line]) == (1, 0)
    assert read([*SYNCED[:2], SYNCED[5], *SYNCED[2:5]]) == (1, 0)
    assert read([*SYNCED[:3], SYNCED[5], SYNCED[4]]) == (1, 0)
    assert read([*SYNCED[1:5], SYNCED[0], SYNCED[5]]) == (1, 0)
