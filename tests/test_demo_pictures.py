"""The demo's pictures: the subject can be found in hers, and nobody else can be taken for her."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pdqhash
from PIL import Image

from demo.pictures import (
    REHOSTED,
    alice_variants,
    bystander_photos,
    modified_copy,
    opt_out_photo,
    reference_photos,
    web_pictures,
)
from search.engine import decode, load_engine


def test_the_subject_is_recognisable_in_every_variant_and_nobody_else_is(tmp_path: Path):
    engine = load_engine("sface", tmp_path)
    names = sorted(web_pictures())
    files = [reference_photos()[0], *(web_pictures()[name] for name in names)]
    (reference,), *found = engine.analyse([decode(file).rgb for file in files])
    scores = {
        name: [float(face.embedding @ reference.embedding) for face in faces]
        for name, faces in zip(names, found, strict=True)
    }
    assert min(max(scores[name]) for name in alice_variants()) >= 0.8
    strangers = [name for name in names if not name.startswith(("alice", "copy-mirr", "copy-capt", "meetup"))]
    assert max(score for name in strangers for score in scores[name]) < 0.4
    assert sum(score >= 0.4 for score in scores["meetup-group.jpg"]) == 1


def test_the_modified_copy_is_other_bytes_but_nearly_the_same_picture():
    first, second = (
        pdqhash.compute(np.asarray(Image.open(BytesIO(data)).convert("RGB")))[0]
        for data in (web_pictures()[REHOSTED], modified_copy())
    )
    assert 0 < int((first != second).sum()) <= 31


def test_the_photos_sent_in_are_on_no_site():
    assert not {*reference_photos(), *bystander_photos(), opt_out_photo()} & set(web_pictures().values())
    assert len(alice_variants()) >= 7
