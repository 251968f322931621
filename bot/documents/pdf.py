"""Papers as PDF for the archive (PDF/A-2a, and readable aloud: PDF/UA-1) and as pictures for a phone."""

import json
import re
import threading
import unicodedata
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst

from bot.documents.ink import ink_svg
from bot.documents.papers import Paper, legible, plain
from bot.documents.pictures import photo_svg, qr_svg
from bot.documents.wording import Words, put_in
from bot.errors import OperatorError

TEMPLATES = Path(__file__).parent / "templates"
# What forms are set in; two thousand rare characters of names beyond it; emoji and other scripts.
_FONTS = ("pylopdf_fonts_zh_cn", "noto_cjk_sans_otc", "manimgx_fonts")
_STANDARDS = ["a-2a", "ua-1"]
_NO_GLYPH = re.compile(r'error: [^`]*`"((?:[^"\\]|\\.)+)"`')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")


class Press:
    """Made once and kept: it holds the fonts and the templates. One paper at a time; others wait for milliseconds."""

    def __init__(self, words: Words) -> None:
        self.words = words
        folders = [Path(str(files(package))) for package in _FONTS]
        fonts = typst.Fonts(include_system_fonts=False, font_paths=folders)
        self._compilers = {
            name: typst.Compiler(TEMPLATES / f"{name}.typ", root=TEMPLATES, font_paths=fonts)
            for name in ("paper", "photo")
        }
        self._busy = threading.Lock()

    def pdf(self, paper: Paper) -> bytes:
        """On A4. The standards refuse a character without a glyph, so that none is ever missing unseen."""
        return self._made("paper", self._given(paper, phone=False), paper.imprint.made_at)[0]

    def picture(self, paper: Paper, ppi: float = 144) -> bytes:
        """One tall PNG, as wide as a phone and in large type."""
        _, text = self._made("paper", self._given(paper, phone=True), paper.imprint.made_at)
        return self._compiled("paper", text, format="png", ppi=ppi)

    def photo(self, content: bytes, caption: str, made_at: datetime) -> bytes:
        """A PDF of one page: a JPEG or PNG as large as A4 allows, with what it is."""
        return self._made("photo", {"svg": photo_svg(content), "caption": legible(caption)}, made_at)[0]

    def _given(self, paper: Paper, *, phone: bool) -> dict[str, Any]:
        given: dict[str, Any] = plain(paper)
        for signature in given["signatures"]:
            signed = signature["signed"]
            image, strokes = signed["image"], signed.pop("strokes")
            signed["image"] = ink_svg(strokes) if strokes else photo_svg(image) if image else ""
        made_at = given["imprint"].pop("made_at")
        link = paper.imprint.link if paper.scan else ""
        return {
            "paper": given,
            "words": self.words.model_dump(),
            "made_at": written_time(self.words, made_at),
            "qr": qr_svg(link) if link else "",
            "phone": phone,
        }

    def _made(self, template: str, given: dict[str, Any], made_at: datetime) -> tuple[bytes, str]:
        """The PDF, and the text that it was made from: what no font can show stands there by its code."""
        codes: dict[int, str] = {}
        while True:
            text = json.dumps({**given, "unshown": bool(codes)}, ensure_ascii=False).translate(codes)
            try:
                options = {"pdf_standards": _STANDARDS, "timestamp": int(made_at.timestamp())}
                return self._compiled(template, text, format="pdf", **options), text
            except typst.TypstError as error:
                unshown = _unshown(error.diagnostic)
                if not unshown:
                    raise OperatorError(f"{template}.typ: {error.message}") from error
                codes |= {ord(sign): self.words.unshown.replace("{code}", f"U+{ord(sign):04X}") for sign in unshown}

    def _compiled(self, template: str, text: str, **options: Any) -> bytes:
        with self._busy:
            made = self._compilers[template].compile(sys_inputs={"paper": text}, **options)
        assert isinstance(made, bytes)  # a list where a PNG has several pages, and ours have one
        return made


def written_time(words: Words, at: datetime) -> str:
    parts = {name: str(getattr(at, name)) for name in ("year", "month", "day", "hour")}
    return put_in(words.made_at, {"date": put_in(words.time, parts | {"minute": f"{at.minute:02}"})})


def _unshown(diagnostic: str) -> set[str]:
    """The characters that typst names as having no glyph.

    It names whole clusters: where marks on a letter are among them, the letter itself may well be shown without.
    """
    named = "".join(_NO_GLYPH.findall(diagnostic))
    signs = {sign for sign in _ESCAPED.sub(lambda code: chr(int(code[1], 16)), named) if not sign.isascii()}
    marks = {sign for sign in signs if unicodedata.category(sign)[0] in "MCS" and unicodedata.category(sign) != "So"}
    return marks or signs
