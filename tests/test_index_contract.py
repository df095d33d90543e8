"""Every face index keeps the same promises; the oracle is brute force in numpy."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from search.index import FaceIndex, FlatIndex, Hit, IndexCorrupt, IndexMismatch, IndexMissing

MODEL = "model-a"
DIMENSION = 16

KINDS = [FlatIndex]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> type[FaceIndex]:
    return request.param


@pytest.fixture
def index(kind: type[FaceIndex]) -> FaceIndex:
    return kind(MODEL, DIMENSION)


def unit(count: int, seed: int = 0, dimension: int = DIMENSION) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((count, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def brute_force(
    held: dict[int, NDArray[np.float32]],
    probe: NDArray[np.float32],
    k: int | None = None,
    threshold: float | None = None,
) -> list[Hit]:
    hits = [Hit(i, float(np.float32((v * probe.astype(np.float64)).sum()))) for i, v in held.items()]
    if threshold is not None:
        hits = [hit for hit in hits if hit.score >= np.float32(threshold)]
    return sorted(hits, key=lambda hit: (-hit.score, hit.id))[:k]


@pytest.mark.parametrize(
    ("k", "threshold"), [(1, None), (7, None), (10_000, None), (None, 0.2), (None, -1.0), (3, 0.2), (50, 0.9)]
)
@pytest.mark.parametrize("batch", [1, 8, 256])
def test_finds_what_brute_force_finds(index: FaceIndex, k: int | None, threshold: float | None, batch: int) -> None:
    ids, vectors, probes = np.arange(500) * 7 + 3, unit(500), unit(30, seed=1)
    index.add(ids, vectors)
    held = dict(zip(ids.tolist(), vectors, strict=True))
    found = index.search(probes, k=k, threshold=threshold, batch=batch)
    assert found == [brute_force(held, probe, k, threshold) for probe in probes]


def test_a_score_exactly_on_the_threshold_is_a_hit(index: FaceIndex) -> None:
    vectors, probes = unit(300), unit(20, seed=1)
    index.add(np.arange(300), vectors)
    for row, probe in enumerate(probes):
        for hit in index.search(probe[np.newaxis], k=5)[0]:
            above = float(np.nextafter(np.float32(hit.score), np.float32(2)))
            assert hit in index.search(probes, threshold=hit.score)[row]
            assert hit not in index.search(probes, threshold=above)[row]


def test_a_threshold_written_by_hand_is_met_exactly(index: FaceIndex) -> None:
    probe, near = np.zeros((1, DIMENSION), np.float32), np.zeros((1, DIMENSION), np.float32)
    probe[0, 0] = 1
    near[0, :2] = 0.6, 0.8
    index.add([1], near)
    assert [hit.id for hit in index.search(probe, threshold=0.6)[0]] == [1]


def test_ties_come_in_the_order_of_their_ids(index: FaceIndex) -> None:
    vector = unit(1)
    index.add(np.arange(60)[::-1], np.repeat(vector, 60, axis=0))
    assert [hit.id for hit in index.search(vector, k=4)[0]] == [0, 1, 2, 3]


def test_a_removed_face_is_never_found_again(index: FaceIndex) -> None:
    vectors = unit(50)
    index.add(np.arange(50), vectors)
    assert index.remove([3, 4, 999]) == 2
    assert index.remove([3]) == 0
    assert len(index) == 48
    assert 3 not in index.ids()
    assert all(hit.id not in (3, 4) for hits in index.search(vectors, threshold=-1) for hit in hits)


def test_adding_an_id_again_replaces_its_vector(index: FaceIndex) -> None:
    first, second = unit(1, seed=1), unit(1, seed=2)
    index.add([5], first)
    index.add([5], second)
    assert len(index) == 1
    assert index.search(second, k=9)[0] == brute_force({5: second[0]}, second[0])


def test_of_an_id_given_twice_at_once_the_last_vector_counts(index: FaceIndex) -> None:
    vectors = unit(3)
    index.add([5, 6, 5], vectors)
    assert index.ids().tolist() == [5, 6]
    assert index.search(vectors[2:], k=1)[0][0].id == 5


def test_an_empty_index_finds_nothing(index: FaceIndex) -> None:
    assert index.search(unit(2), k=3) == [[], []]
    assert index.search(unit(2), threshold=0.0) == [[], []]
    assert index.search(np.empty((0, DIMENSION), np.float32), k=3) == []


@pytest.mark.parametrize(
    "vectors",
    [
        np.full((1, DIMENSION), np.nan),
        np.zeros((1, DIMENSION)),
        unit(1) * 1.01,
        unit(1, dimension=DIMENSION + 1),
        unit(1)[0],
        np.full((1, DIMENSION), np.inf),
    ],
    ids=["nan", "zero", "not unit", "dimension", "flat", "infinite"],
)
def test_refuses_what_is_not_a_unit_vector(index: FaceIndex, vectors: NDArray[np.float32]) -> None:
    index.add([1], unit(1))
    with pytest.raises(ValueError):
        index.add([1], vectors)
    with pytest.raises(ValueError):
        index.search(vectors, k=1)
    assert index.search(unit(1), k=1)[0][0].id == 1


@pytest.mark.parametrize("ids", [[-1], [1.5], [1, 2], [[1]], ["1"]])
def test_refuses_what_is_not_an_id(index: FaceIndex, ids: list[object]) -> None:
    with pytest.raises(ValueError):
        index.add(ids, unit(1))
    assert len(index) == 0


@pytest.mark.parametrize("question", [{}, {"k": 0}, {"threshold": float("nan")}, {"k": 1, "batch": 0}])
def test_refuses_a_search_that_asks_for_nothing(index: FaceIndex, question: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        index.search(unit(1), **question)


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 9), min_size=1, max_size=4)), max_size=12),
    seed=st.integers(0, 99),
)
@pytest.mark.parametrize("kind", KINDS)
def test_any_history_leaves_what_a_dictionary_would_hold(
    kind: type[FaceIndex], steps: list[tuple[bool, list[int]]], seed: int
) -> None:
    index, held = kind(MODEL, DIMENSION), {}
    for number, (adding, ids) in enumerate(steps):
        if adding:
            vectors = unit(len(ids), seed=seed + number)
            index.add(ids, vectors)
            held.update(zip(ids, vectors, strict=True))
        else:
            assert index.remove(ids) == len(held.keys() & set(ids))
            held = {key: vector for key, vector in held.items() if key not in ids}
    probe = unit(1, seed=seed)
    assert index.ids().tolist() == sorted(held)
    assert index.search(probe, threshold=-1.0)[0] == brute_force(held, probe[0])


def test_stats_say_what_is_there(index: FaceIndex) -> None:
    index.add([1, 2], unit(2))
    index.through = 17
    stats = index.stats()
    assert (stats.model_id, stats.dimension, stats.count, stats.through) == (MODEL, DIMENSION, 2, 17)
    assert stats.bytes >= 2 * DIMENSION * 4


# On disk


@pytest.fixture
def saved(index: FaceIndex, tmp_path: Path) -> Path:
    index.add(np.arange(40), unit(40))
    index.through = 41
    index.save(tmp_path / "index")
    return tmp_path / "index"


def data_file(folder: Path) -> Path:
    (path,) = [path for path in folder.iterdir() if path.stem.isalnum() and len(path.stem) == 64]
    return path


def test_loads_what_was_saved_and_goes_on(kind: type[FaceIndex], saved: Path) -> None:
    loaded = kind.load(saved, MODEL, DIMENSION)
    assert (len(loaded), loaded.through) == (40, 41)
    vectors = unit(40)
    assert [hits[0].id for hits in loaded.search(vectors, k=1)] == list(range(40))
    loaded.add([3, 40], unit(2, seed=5))
    assert loaded.remove([0]) == 1
    loaded.save(saved)
    again = kind.load(saved, MODEL, DIMENSION)
    assert again.ids().tolist() == list(range(1, 41))
    assert again.search(unit(2, seed=5), k=1)[0][0].id == 3


def test_an_empty_index_can_be_saved(kind: type[FaceIndex], index: FaceIndex, tmp_path: Path) -> None:
    index.save(tmp_path)
    assert len(kind.load(tmp_path, MODEL, DIMENSION)) == 0


def test_says_when_there_is_none(kind: type[FaceIndex], tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        kind.load(tmp_path / "nowhere", MODEL, DIMENSION)


def test_refuses_another_model_or_dimension(kind: type[FaceIndex], saved: Path) -> None:
    with pytest.raises(IndexMismatch, match="model-b"):
        kind.load(saved, "model-b", DIMENSION)
    with pytest.raises(IndexMismatch, match="32"):
        kind.load(saved, MODEL, 32)


def flip_a_byte(folder: Path) -> None:
    data = bytearray(data_file(folder).read_bytes())
    data[len(data) // 2] ^= 1
    data_file(folder).write_bytes(data)


def cut_short(folder: Path) -> None:
    data_file(folder).write_bytes(data_file(folder).read_bytes()[:-9])


def lose_the_data(folder: Path) -> None:
    data_file(folder).unlink()


def spoil_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"layout": 1, "kind"')


def empty_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("[]")


def name_another_file(folder: Path) -> None:
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace(data_file(folder).stem, "../" + data_file(folder).stem))


@pytest.mark.parametrize(
    "damage",
    [flip_a_byte, cut_short, lose_the_data, spoil_the_manifest, empty_the_manifest, name_another_file],
)
def test_refuses_a_damaged_index(kind: type[FaceIndex], saved: Path, damage: object) -> None:
    damage(saved)
    with pytest.raises(IndexCorrupt):
        kind.load(saved, MODEL, DIMENSION)


def test_a_save_over_a_damaged_index_heals_it(kind: type[FaceIndex], index: FaceIndex, saved: Path) -> None:
    spoil_the_manifest(saved)
    index.save(saved)
    assert len(kind.load(saved, MODEL, DIMENSION)) == 40


@pytest.mark.parametrize("replacements", [0, 1])
def test_a_save_that_dies_half_way_leaves_the_old_index(
    kind: type[FaceIndex], index: FaceIndex, saved: Path, monkeypatch: pytest.MonkeyPatch, replacements: int
) -> None:
    index.add([100], unit(1, seed=9))
    done = []

    class Killed(BaseException):
        pass

    real = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if len(done) == replacements:
            raise Killed
        done.append(target)
        return real(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", replace)
        with pytest.raises(Killed):
            index.save(saved)
    assert len(kind.load(saved, MODEL, DIMENSION)) == 40
    index.save(saved)
    assert len(kind.load(saved, MODEL, DIMENSION)) == 41
    assert len([path for path in saved.iterdir() if not path.name.startswith(".")]) == 2


def test_a_save_touches_no_file_of_anyone_else(index: FaceIndex, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    index.save(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
