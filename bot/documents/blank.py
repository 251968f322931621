"""Draws templates/paper.docx anew: `python -m bot.documents.blank`. Halls may instead change it in Word."""

from pathlib import Path
from typing import Any

from docx import Document
from docx.document import Document as Doc
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table
from docx.text.paragraph import Paragraph

from bot.documents.pdf import TEMPLATES

PATH = TEMPLATES / "paper.docx"
SERIF, SANS = "SimSun", "SimHei"

_CELL_MARGIN = 70  # twentieths of a point
_THIRDS = (56, 55, 55)  # millimetres; what is drawn has as many columns as there are, of one width


def draw(path: Path) -> None:
    document = Document()
    _page(document)
    _centred(_say(document, "{{ title }}", size=18, font=SANS))
    _say(document, "{{ imprint.department }}    {{ words.number }}{{ imprint.number }}")
    _when(document, "intro", "{{ intro }}")
    _tag(document, "for section in sections")
    _when(document, "section.title", "{{ section.title }}", size=12, font=SANS)
    _when(document, "section.text", "{{ section.text }}")
    _lines(document)
    _rows(document)
    _each(document, "point in section.points", "{{ loop.index }}. {{ point }}")
    _tag(document, "endfor")
    _each(document, "note in notes", "{{ loop.index }}. {{ note }}", size=9)
    _signatures(document)
    _when(document, "qr", "{{ qr }} {{ scan }}", size=9)
    _when(document, "imprint.contact", "{{ words.ask }}{{ imprint.contact }}", size=9)
    _say(document, "{{ made_at }}", size=9)
    _annexes(document)
    document.save(str(path))


def _page(document: Doc) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(22)
    section.top_margin = section.bottom_margin = Mm(20)
    normal = document.styles["Normal"]
    _font(normal, SERIF, 10.5)
    normal.paragraph_format.space_after = Pt(0)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "zh-CN")
    language.set(qn("w:eastAsia"), "zh-CN")
    normal.element.get_or_add_rPr().append(language)
    foot = section.footer.paragraphs[0]
    foot.add_run("{{ imprint.hall }}\t")
    _field(foot, "PAGE")
    foot.add_run(" / ")
    _field(foot, "NUMPAGES")
    foot.add_run("\t{{ imprint.number }}")


def _lines(document: Doc) -> None:
    _tag(document, "if section.lines")
    table = _table(document, 3, (40, 126))
    table.cell(0, 0).text = "{%tr for line in section.lines %}"
    table.cell(1, 0).text, table.cell(1, 1).text = "{{ line.label }}", "{{ line.value }}"
    table.cell(2, 0).text = "{%tr endfor %}"
    _tag(document, "endif")


def _rows(document: Doc) -> None:
    """Columns as many as there are: a loop in a row makes cells, a loop around it rows."""
    _tag(document, "if section.rows")
    table = _table(document, 4, _THIRDS)
    for place, text in enumerate(("{%tc for one in section.columns %}", "{{ one }}", "{%tc endfor %}")):
        table.cell(0, place).text = text
    table.cell(1, 0).text = "{%tr for row in section.rows %}"
    for place, text in enumerate(("{%tc for one in row %}", "{{ one }}", "{%tc endfor %}")):
        table.cell(2, place).text = text
    table.cell(3, 0).text = "{%tr endfor %}"
    _tag(document, "endif")


def _signatures(document: Doc) -> None:
    _tag(document, "if signatures")
    table = _table(document, 1, _THIRDS, bordered=False)
    name = "{{ one.signed.name }}    {{ one.signed.date or words.blank_date }}"
    middle = f"{{{{ one.caption }}}}\n{{{{ one.image }}}}\n{name}"
    for place, text in enumerate(("{%tc for one in signatures %}", middle, "{%tc endfor %}")):
        table.cell(0, place).text = text
    _tag(document, "endif")


def _annexes(document: Doc) -> None:
    _tag(document, "for annex in annexes")
    head = "{{ words.annex.replace('{number}', loop.index|string).replace('{label}', annex.label) }}"
    _say(document, head, size=12, font=SANS).paragraph_format.page_break_before = True
    _say(document, "{{ annex.text }}")
    _tag(document, "endfor")


def _say(document: Doc, text: str, *, size: float = 10.5, font: str = SERIF) -> Paragraph:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before = Pt(5)
    paragraph.paragraph_format.space_after = Pt(4)
    paragraph.paragraph_format.keep_with_next = font == SANS
    _font(paragraph.add_run(text), font, size)
    return paragraph


def _when(document: Doc, condition: str, text: str, *, size: float = 10.5, font: str = SERIF) -> None:
    _tag(document, f"if {condition}")
    _say(document, text, size=size, font=font)
    _tag(document, "endif")


def _each(document: Doc, loop: str, text: str, *, size: float = 10.5) -> None:
    _tag(document, f"for {loop}")
    _say(document, text, size=size)
    _tag(document, "endfor")


def _tag(document: Doc, tag: str) -> None:
    document.add_paragraph(f"{{%p {tag} %}}")


def _table(document: Doc, rows: int, widths: tuple[int, ...], *, bordered: bool = True) -> Table:
    table: Table = document.add_table(rows, len(widths), "Table Grid" if bordered else None)
    table.autofit = False
    margins = OxmlElement("w:tblCellMar")
    for side in ("top", "bottom"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), str(_CELL_MARGIN))
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    table._tbl.tblPr.append(margins)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)
    return table


def _font(styled: Any, name: str, size: float) -> None:
    """For Latin and for Chinese: Word keeps two names. The ASCII names of the fonts work in every language."""
    styled.font.name, styled.font.size = name, Pt(size)
    styled.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), name)


def _centred(paragraph: Paragraph) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _field(paragraph: Paragraph, code: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    paragraph._p.append(field)


if __name__ == "__main__":
    draw(PATH)
