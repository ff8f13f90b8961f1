"""Builds the images of deploy/Dockerfile as `make image` does, without a daemon: with buildah, in a chroot.

Needs root, buildah, podman and debootstrap. The base image is made from Debian's Python where it cannot be
pulled.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
TOOLS = ("buildah", "podman", "debootstrap")
_CHROOT = ("--isolation", "chroot")
#: What the images of Docker's library leave out as well.
_LEFT_OUT = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")


@dataclass(frozen=True)
class Images:
    """A store of images and containers of its own, in a folder. A container has the name of its target."""

    folder: Path

    def argv(self, program: str, *arguments: str) -> list[str]:
        """The command line of `buildah` or `podman` on this store."""
        return [program, "--root", f"{self.folder}/root", "--runroot", f"{self.folder}/run", *arguments]

    def call(self, program: str, *arguments: str) -> str:
        """What the program prints; fails with its last lines if it fails."""
        done = subprocess.run(self.argv(program, *arguments), cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout.strip()

    def build(self, target: str) -> None:
        """Build `headrace:TARGET`, and a container of it."""
        # Certificates and pip's settings of this machine: a build must get through its proxy.
        given = [Path("/etc/ssl/certs"), Path("/etc/pip.conf")]
        volumes = [f"--volume={path}:{path}:ro" for path in given if path.exists()]
        options = ("--layers", "--network", "host", "--pull-never", *_CHROOT, *volumes)
        name = f"headrace:{target}"
        self.call("buildah", "bud", *options, "-f", str(DOCKERFILE), "--target", target, "-t", name, ".")
        self.call("buildah", "from", "--pull-never", "--name", target, name)

    def described(self, target: str) -> dict[str, Any]:
        """What `podman inspect` says about an image: `Size` in bytes, `Config`, `History`."""
        [found] = json.loads(self.call("podman", "image", "inspect", f"headrace:{target}"))
        return dict[str, Any](found)

    def running(self, target: str, *command: str, options: tuple[str, ...] = ()) -> list[str]:
        """The command line that runs a command in an image as its user."""
        return self.argv("buildah", "run", *_CHROOT, *options, target, "--", *command)

    def prints(self, target: str, *command: str) -> str:
        """What a command prints in an image."""
        return self.call("buildah", "run", *_CHROOT, target, "--", *command)


def base_name() -> str:
    """The image that the Dockerfile begins with."""
    [name] = set(re.findall(r"^FROM (\S+:\S+) AS", DOCKERFILE.read_text(), re.MULTILINE))
    return f"docker.io/library/{name}"


@contextmanager
def built(folder: Path, *targets: str) -> Iterator[Images]:
    """The images of some targets. Everything is removed at the end."""
    images = Images(folder)
    try:
        _make_base(images)
        for target in targets:
            images.build(target)
        yield images
    finally:
        subprocess.run(images.argv("buildah", "rm", "--all"), capture_output=True)
        subprocess.run(images.argv("buildah", "rmi", "--all", "--force"), capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def _make_base(images: Images) -> None:
    pulled = subprocess.run(images.argv("buildah", "pull", "--quiet", base_name()), capture_output=True)
    if pulled.returncode == 0:
        return
    system, archive = images.folder / "system", images.folder / "base.tar"
    release = base_name().rpartition("-")[2]
    packages = "python3,python3-venv,python3-pip,ca-certificates"
    made = ["debootstrap", "--variant=minbase", f"--include={packages}", release, str(system)]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    (system / "usr" / "bin" / "python").symlink_to("python3")
    left_out = [f"--exclude=./{place}/*" for place in _LEFT_OUT]
    subprocess.run(["tar", "-C", system, "-cf", archive, *left_out, "."], check=True)
    shutil.rmtree(system)
    images.call("podman", "import", str(archive), base_name())
    archive.unlink()
