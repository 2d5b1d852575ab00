"""What does it cost to load the large sets, and how much faster is the second time?

    python benchmarks/data.py

Every load runs in a process of its own: seconds of the processor, and the most memory it held. The
real sets are taken where `$LSTMLAB_DATA` or the cache has them. CIFAR-10's binary archive is made
up where it is not there: as many pictures in the same form, of random bytes. What was read is kept
in a folder of the benchmark's own, so that the first load is a first one. Medians of 5 later loads.
"""

import gzip
import io
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np

LATER = 5
LOAD = """
import resource, sys, time
import numpy, numpy.lib.format
from lstmlab.tasks import load
root = sys.argv[2] or None
began = time.process_time()
task = load(sys.argv[1], root=root)
seconds = time.process_time() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(task.caption, seconds, peak / 1024 if sys.platform != "darwin" else peak / 2**20, sep="\\t")
"""


def measured(name: str, root: str, cache: Path) -> tuple[str, float, float]:
    """One load: what it is, its seconds of the processor, and its peak in MB."""
    environment = os.environ | {"XDG_CACHE_HOME": str(cache), "OMP_NUM_THREADS": "1"}
    said = subprocess.run(
        [sys.executable, "-c", LOAD, name, root], env=environment, capture_output=True, text=True
    )
    if said.returncode:
        raise SystemExit(said.stderr.strip().splitlines()[-1])
    caption, seconds, peak = said.stdout.strip().split("\t")
    return caption, float(seconds), float(peak)


def made_up_cifar(folder: Path) -> Path:
    """An archive in the form of cifar-10-binary.tar.gz, its pictures random: the worst to pack."""
    rng = np.random.default_rng(0)
    path = folder / "made-up-cifar.tar.gz"
    names = [f"data_batch_{number}.bin" for number in range(1, 6)] + ["test_batch.bin"]
    with gzip.open(path, "wb", compresslevel=1) as packed, tarfile.open(
        fileobj=packed, mode="w|"
    ) as archive:
        for name in names:
            rows = rng.integers(0, 256, (10_000, 3073), np.uint8)
            rows[:, 0] %= 10
            entry = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            entry.size = rows.nbytes
            archive.addfile(entry, io.BytesIO(rows.tobytes()))
        said = b"airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n"
        entry = tarfile.TarInfo("cifar-10-batches-bin/batches.meta.txt")
        entry.size = len(said)
        archive.addfile(entry, io.BytesIO(said))
    return path


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        sets = [("reviews", ""), ("images", ""), ("images", str(made_up_cifar(folder)))]
        print("first load: s, MB; later: s, MB; how many times as fast")
        for number, (name, root) in enumerate(sets):
            cache = folder / f"cache-{number}"
            cache.mkdir()
            caption, first, peak = measured(name, root, cache)
            later = [measured(name, root, cache) for _ in range(LATER)]
            seconds = statistics.median(found[1] for found in later)
            print(
                f"{caption}: {first:.2f} s, {peak:.0f} MB; {seconds:.2f} s, "
                f"{max(found[2] for found in later):.0f} MB; {first / seconds:.0f}"
            )


if __name__ == "__main__":
    main()
