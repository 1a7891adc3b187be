"""Packs and keys: what was touched is refused, and what is secret stays so."""

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from builders.promotions import CHEAP, PASSPHRASE

from service.promotion.approvals import read_approval
from service.promotion.errors import ApprovalRefused, KeyRefused, PackRefused
from service.promotion.pack import Pack, PackManifest, find_pack, read_pack, write_pack
from service.promotion.signing import make_key, open_key

MANIFEST = PackManifest(
    bundle_id="b",
    champion_id="a",
    verdict="promote",
    gate="g",
    gate_sha256="0",
    window=("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
    built_at="2026-03-01T00:00:00Z",
)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """Give a pack of two files."""
    files = {"evidence.json": b'{"verdict": "keep shadowing"}', "evidence.html": b"<p>no</p>"}
    return write_pack(tmp_path / "pack", MANIFEST, files)


def _edit(folder: Path) -> None:
    (folder / "evidence.html").write_bytes(b"<p>yes</p>")


def _add(folder: Path) -> None:
    (folder / "note.txt").write_text("it is fine")


def _add_in_a_folder(folder: Path) -> None:
    (folder / "more").mkdir()
    (folder / "more" / "note.txt").write_text("it is fine")


def _remove(folder: Path) -> None:
    (folder / "evidence.html").unlink()


def _link(folder: Path) -> None:
    content = (folder / "evidence.html").read_bytes()
    (folder.parent / "elsewhere").write_bytes(content)
    (folder / "evidence.html").unlink()
    (folder / "evidence.html").symlink_to(folder.parent / "elsewhere")


def _cut(folder: Path) -> None:
    body = (folder / "manifest.json").read_bytes()
    (folder / "manifest.json").write_bytes(body[:-10])


def _forget(folder: Path) -> None:
    (folder / "manifest.json").unlink()


@pytest.mark.parametrize(
    ("touch", "said"),
    [
        (_edit, "evidence.html was changed"),
        (_add, "note.txt is no part of it"),
        (_add_in_a_folder, "more/note.txt is no part of it"),
        (_remove, "evidence.html is missing"),
        (_link, "evidence.html is no plain file"),
        (_cut, "manifest.json was changed"),
        (_forget, "it has no manifest.json"),
    ],
)
def test_a_touched_pack_is_refused(pack: Pack, touch: Callable[[Path], None], said: str) -> None:
    """Each byte, each file, and none beside them."""
    touch(pack.folder)
    with pytest.raises(PackRefused, match=said):
        read_pack(pack.folder)


def test_a_pack_sealed_anew_is_another_pack(pack: Pack) -> None:
    """Whoever mends the hashes changes what was signed."""
    body = json.loads((pack.folder / "manifest.json").read_bytes())
    body["bundle_id"] = "another"
    (pack.folder / "manifest.json").write_text(json.dumps(body))
    assert read_pack(pack.folder).sha256 != pack.sha256


def test_an_untouched_pack_is_read_back_as_it_was_written(pack: Pack) -> None:
    """Its hash is that of its manifest."""
    assert read_pack(pack.folder) == pack


def test_a_pack_is_found_by_what_was_signed(pack: Pack) -> None:
    """Whatever its folder is called; a touched one is told as such, another is not taken for it."""
    folder = pack.folder.parent
    (folder / "empty").mkdir()
    assert find_pack(folder, pack.sha256) == pack
    with pytest.raises(PackRefused, match=r"no folder of .* holds pack"):
        find_pack(folder, "0" * 64)
    with pytest.raises(PackRefused, match="no folder of"):
        find_pack(folder / "nowhere", pack.sha256)
    _edit(pack.folder)
    with pytest.raises(PackRefused, match=r"evidence\.html was changed"):
        find_pack(folder, pack.sha256)


def test_a_pack_is_not_written_over(pack: Pack) -> None:
    """What people may have signed stays; nothing half-written is left beside it."""
    with pytest.raises(PackRefused, match="not written over"):
        write_pack(pack.folder, MANIFEST, {})
    assert list(pack.folder.parent.iterdir()) == [pack.folder]


def test_a_key_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    """The file alone is worth nothing, and says nothing of its secret."""
    path = tmp_path / "keys" / "alice.key"
    made = make_key(path, "alice", PASSPHRASE, n=CHEAP)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert open_key(path, "alice", PASSPHRASE).approve("f" * 64, "b").is_by(made.public_key)
    with pytest.raises(KeyRefused, match="does not open with this passphrase"):
        open_key(path, "alice", PASSPHRASE + "!")
    with pytest.raises(KeyRefused, match="is the key of alice, not of bob"):
        open_key(path, "bob", PASSPHRASE)


def test_a_signature_is_of_one_pack_one_bundle_and_one_name(tmp_path: Path) -> None:
    """Changed in any of them it is valid no more."""
    key = make_key(tmp_path / "k", "alice", PASSPHRASE, n=CHEAP)
    approval = key.approve("f" * 64, "b")
    assert approval.is_by(key.public_key)
    for other in (
        replace(approval, pack_sha256="e" * 64),
        replace(approval, bundle_id="c"),
        replace(approval, name="bob"),
    ):
        assert not other.is_by(key.public_key)
    flipped = bytes([approval.signature[0] ^ 1]) + approval.signature[1:]
    assert not replace(approval, signature=flipped).is_by(key.public_key)
    assert not approval.is_by(b"short")


def test_an_approval_survives_a_clipboard(tmp_path: Path) -> None:
    """Other line ends and space around it change nothing; half of it is refused in words."""
    key = make_key(tmp_path / "k", "alice", PASSPHRASE, n=CHEAP)
    approval = key.approve("f" * 64, "b")
    text = approval.text()
    assert text.splitlines()[3] == "approved by alice"
    assert read_approval(text) == approval
    assert read_approval(f"  \r\n{text.replace(chr(10), chr(13) + chr(10))}\r\n") == approval
    for broken in (text[: len(text) // 2], "", text + "and more", text.replace("alice", "a b")):
        with pytest.raises(ApprovalRefused, match="paste all five lines"):
            read_approval(broken)


def test_key_files_in_the_way_or_spoilt_are_refused(tmp_path: Path) -> None:
    """One line with the fix; a key is never written over."""
    path = tmp_path / "alice.key"
    with pytest.raises(KeyRefused, match="at least 12"):
        make_key(path, "alice", "short", n=CHEAP)
    make_key(path, "alice", PASSPHRASE, n=CHEAP)
    with pytest.raises(KeyRefused, match="not written over"):
        make_key(path, "alice", PASSPHRASE, n=CHEAP)
    with pytest.raises(KeyRefused, match="penumbra models signer add bob"):
        open_key(tmp_path / "bob.key", "bob", PASSPHRASE)
    path.write_text("{}")
    with pytest.raises(KeyRefused, match="is not a signer's key"):
        open_key(path, "alice", PASSPHRASE)
