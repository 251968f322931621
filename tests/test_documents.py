"""The papers of a case: nothing cut, no glyph missing, no text of a citizen read as anything but text."""

import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import docx as word
import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageDraw

from bot.bundles.model import Question
from bot.documents import blank
from bot.documents.compose import compose
from bot.documents.docx import EMPTY, TICKED, docx
from bot.documents.facts import (
    Collection,
    Combined,
    Commitment,
    Contents,
    Defect,
    Defects,
    Deferral,
    Enclosed,
    Facts,
    Granted,
    Item,
    Known,
    Listed,
    Missing,
    Needed,
    PlanPage,
    Progress,
    Proxy,
    Receipt,
    Received,
    kind_of,
)
from bot.documents.forms import fill, form_of, load_forms
from bot.documents.pack import MANIFEST, File, archive, bind, safe_name
from bot.documents.papers import Annex, Imprint, Line, Paper, Section, Signed, Stage, Track, legible, plain
from bot.documents.pdf import Press
from bot.documents.wording import load_wording
from bot.errors import ConfigError, OperatorError
from bot.placed import Placed
from bot.settings import ROOT

CONFIG = ROOT / "config"
WORDING = load_wording(CONFIG)
FORMS = load_forms(CONFIG)
FIELDS = Placed(CONFIG / "fields.yml").content
QUESTIONS = {id: Question.model_validate({"id": id, **written}) for id, written in FIELDS.items()}
NOW = datetime(2026, 11, 21, 21, 35, tzinfo=ZoneInfo("Asia/Shanghai"))
IMPRINT = Imprint(
    "20261121-CY-00001-7",
    "某县政务服务中心",
    NOW,
    "市场监督管理部门",
    "大厅 3 号窗口",
    "https://hall.example/r/7F2K9QXW",
)

ITEMS = (
    Item("营业执照", "市场监督管理部门", "营业执照", "11月24日（周二）前"),
    Item("食品经营许可", "市场监督管理部门", "食品经营许可证", "12月4日（周五）前"),
    Item("户外招牌设置", "城市管理部门", "备案或许可", "11月27日（周五）前"),
)
STAGES = (Stage("收件", "done", "11月21日"), Stage("受理", "now"), Stage("办结", "todo"))
PAPERS: list[Facts] = [
    Receipt(
        "张建国",
        "开办餐饮店",
        "2026年11月21日（周六）21:35",
        tuple(replace(item, result="") for item in ITEMS),
        (Received("布局图", "已收到"), Received("制度目录", "12月4日（周五）前补交")),
        "各部门会告诉您受理还是补正。",
    ),
    Deferral(
        "张建国",
        "开办餐饮店",
        (Missing("健康证明", "拍照发来", "12月4日（周五）"),),
        "12月4日（周五）17:00",
        ("没有健康证明的人不接触直接入口的食品",),
        "按撤回处理，可以重新申请。",
    ),
    Commitment(
        "张建国",
        "营业前消防安全检查",
        "《消防法》第十五条",
        ("通道畅通", "设施完好", "材料真实"),
        ("限期改正", "撤销许可", "记入信用记录"),
        "我同意以上三条。",
        "2026年11月21日（周六）21:35",
        "60 个工作日内核查。",
    ),
    Defects(
        "张建国",
        "开办餐饮店",
        (Defect("布局图", "没有标水池", "补画后重拍"), Defect("租赁合同", "缺签字页", "补拍末页")),
        "12月4日（周五）",
        "按撤回处理。",
    ),
    PlanPage(
        "开办餐饮店",
        ITEMS,
        (Needed("布局图", "拍照", "核对水池和出入口"),),
        (("营业执照",), ("食品经营许可", "户外招牌设置")),
        (Known("经营面积", "60 平方米"),),
        "承诺 11 个工作日",
        "少跑 2 趟",
        "住宅楼里不能新开有油烟的餐饮店。",
        "《大气污染防治法》第八十一条",
    ),
    Collection(
        "张建国",
        "开办餐饮店",
        (Granted("食品经营许可证", "JY26103280000267"),),
        "3 号窗口",
        "9:00—12:00",
        "某路 1 号",
        ("身份证", "授权委托书"),
        "12月31日（周四）",
    ),
    Proxy(
        "张建国",
        "610***********0019",
        "李小红",
        "610***********0027",
        "开办餐饮店",
        ("递交材料", "领取证照"),
        "2026年11月21日",
        "2027年2月20日",
    ),
    Progress(
        "开办餐饮店", "张*国", tuple(Track(item.name, item.department, STAGES) for item in ITEMS), "等部门看材料。"
    ),
    Contents("张建国", "开办餐饮店", (Enclosed("食品经营许可申请书", "2"), Enclosed("布局图", "4"))),
    Combined(
        "餐饮",
        "味之鲜小吃店",
        "张建国",
        "千阳县南大街12号",
        "第 1 版（2026年11月21日（周六）21:35）",
        (
            Listed("食品经营许可证", "JY26103280000267", "市场监督管理部门", "2031-11-25", "有效"),
            Listed("户外招牌设置备案", "", "城市管理部门", "见单项证", "有效"),
        ),
    ),
]
RECEIPT, COMMITMENT, DEFECTS, PROXY = PAPERS[0], PAPERS[2], PAPERS[3], PAPERS[6]

WEIRD = [
    '#let x = 1; #read("/etc/passwd") $x^2$ \\ @ref <label> // 注释 /* */ ``` *粗* _斜_ = 标题',
    "{{ 7 * 7 }}{% for x in y %}{{ number }}{applicant}%d <b>&amp;</b> ]]> '引' \"号\"",
    "𠮷野家张㐂䶮曌骉镕翀囍喆堃",
    "小🐂烧烤🍜店👨‍👩‍👧 １２３ＡＢＣ ①②③ ㎡ ½ é ñ Ω Ж",
    "가나다 ひらがな ไทย",
    "A" * 120,
    "92610328MAC0DEM24U,13800138000;https://例子.example/路径?q=1&r=2#锚-很长很长的网址-0123456789",
    "第一行\n第二行\n\n第四行",
    "　全角空格　开头，    很多空格    ，结尾",
]


@pytest.fixture(scope="module")
def press() -> Press:
    return Press(WORDING.words)


def squeezed(text: str) -> str:
    """Without spaces and line ends: a page breaks lines where it must."""
    return re.sub(r"[\s\u200b\ufeff\ufffe\u00ad]", "", text)


def told(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return squeezed("".join(page.get_textpage().get_text_range() for page in document))


def strings(value: Any) -> Iterator[str]:
    """Every text of a paper that must be seen on it."""
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(one)


def shown_of(paper: Paper) -> list[str]:
    content = plain(paper)
    for part in ("made_at", "link"):
        content["imprint"].pop(part)
    for signature in content["signatures"]:
        signature["signed"].pop("image")
    for section in content["sections"]:
        for track in section["tracks"]:
            for stage in track["stages"]:
                stage["state"] = WORDING.words.states[stage["state"]]
    return [text for text in strings(content) if text]


def words_of(content: bytes) -> str:
    document = word.Document(io.BytesIO(content))
    texts = [node.text or "" for node in document.element.iter() if node.tag.endswith("}t")]
    return squeezed("".join(texts + [part.text for part in document.sections[0].footer.paragraphs]))


def pixels(pdf: bytes, page: int = 0) -> np.ndarray:
    return np.asarray(pypdfium2.PdfDocument(pdf)[page].render(scale=1).to_pil().convert("L"))


def a_form(value: str) -> Paper:
    values = {
        "shop_name": value,
        "operator": "张建国",
        "area": "60",
        "dine_in": "有堂食",
        "cold_dishes": "卖",
        "online": "不要",
    }
    return fill(FORMS["food_licence"], values, QUESTIONS, IMPRINT, WORDING.words)


def photo(kind: str, size: tuple[int, int] = (80, 40), orientation: int = 0) -> bytes:
    made, image = io.BytesIO(), Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2, size[1]), "black")
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    image.save(made, kind, exif=exif)
    return made.getvalue()


@pytest.mark.parametrize("facts", PAPERS, ids=kind_of)
def test_each_paper_tells_everything_on_one_page(press: Press, facts: Facts) -> None:
    paper = compose(WORDING, facts, IMPRINT)
    made = press.pdf(paper)
    text = told(made)
    assert len(pypdfium2.PdfDocument(made)) == 1 and not paper.annexes
    assert not [one for one in (*shown_of(paper), *strings(plain(facts))) if one not in ("done", "now", "todo")
                and squeezed(one) not in text]  # fmt: skip
    assert "出具时间：2026年11月21日21:35" in text and "第1页，共1页" in text
    assert "\ufffd" not in text and b"pdfaid:part" in made and b"pdfuaid" in made


@pytest.mark.parametrize("facts", PAPERS, ids=kind_of)
def test_each_paper_is_a_picture_for_a_phone_and_a_file_for_word(press: Press, facts: Facts) -> None:
    paper = compose(WORDING, facts, IMPRINT)
    picture = np.asarray(Image.open(io.BytesIO(press.picture(paper))).convert("L"))
    height, width = picture.shape
    assert width == 780 and height > 780 * 0.6
    assert picture[:, -30:].min() == 255 and picture[:, :30].min() == 255, "nothing runs over the edge"
    text = words_of(docx(paper, WORDING.words))
    assert not [one for one in shown_of(paper) if squeezed(one) not in text]


def test_every_kind_of_paper_is_looked_at() -> None:
    assert {kind_of(facts) for facts in PAPERS} == set(WORDING.papers)


def test_what_is_not_known_is_left_out(press: Press) -> None:
    facts = Receipt("张建国", "开办餐饮店", "今天", (), ())
    paper = compose(WORDING, facts, replace(IMPRINT, contact="", link=""))
    assert [section.title for section in paper.sections] == ["一、收件情况"]
    assert "接下来" not in told(press.pdf(paper)) and "问事和核实" not in told(press.pdf(paper))
    plan = compose(WORDING, PlanPage("开办餐饮店", ITEMS, (), ()), IMPRINT)
    assert "请先留意" not in told(press.pdf(plan))


def test_the_receipt_says_that_it_is_no_acceptance_and_the_proxy_that_nobody_signs_for_another() -> None:
    receipt, proxy = (compose(WORDING, facts, IMPRINT) for facts in (RECEIPT, PROXY))
    assert "收件不等于受理" in receipt.intro
    assert "不能代委托人签名" in [point for section in proxy.sections for point in section.points]


@pytest.mark.parametrize("id", sorted(FORMS))
def test_each_form_shows_every_fact_that_it_asks_for(press: Press, id: str) -> None:
    form = FORMS[id]
    values = {
        one: question.options[0].value if question.options else f"{question.name}的回答"
        for one, question in QUESTIONS.items()
    }
    paper = fill(form, values, QUESTIONS, IMPRINT, WORDING.words)
    text = told(press.pdf(paper))
    rows = [row for section in form.sections for row in section.rows]
    asked = {row.field[0] for row in rows if row.field} or set(values)
    assert not [fact for fact in asked if squeezed(values[fact]) not in text]
    assert not [one for one in shown_of(paper) if squeezed(one) not in text]
    assert form.title in text and all(place.caption in text for place in form.signatures)
    ticked = {box.name for section in paper.sections for line in section.lines for box in line.boxes if box.ticked}
    empty = {box.name for section in paper.sections for line in section.lines for box in line.boxes if not box.ticked}
    assert all(f"☑{squeezed(name)}" in text for name in ticked) and all(f"☐{squeezed(name)}" in text for name in empty)
    edited = words_of(docx(paper, WORDING.words))
    assert all(f"{TICKED}{squeezed(name)}" in edited for name in ticked)
    assert all(f"{EMPTY}{squeezed(name)}" in edited for name in empty)


def test_boxes_are_ticked_by_what_was_said_and_never_by_what_was_not() -> None:
    def boxes(**values: str) -> dict[str, bool]:
        paper = fill(FORMS["food_licence"], values, QUESTIONS, IMPRINT, WORDING.words)
        return {box.name: box.ticked for section in paper.sections for line in section.lines for box in line.boxes}

    assert [name for name, ticked in boxes().items() if ticked] == ["新办"]
    said = boxes(dine_in="不设堂食", cold_dishes="卖", cakes="不卖", online="不要")
    assert {name for name, ticked in said.items() if ticked} == {
        "新办", "不设堂食", "餐饮服务经营者", "冷食类食品制售（含冷荤）", "不通过网络经营",
    }  # fmt: skip


def test_the_general_form_shows_all_that_was_said_and_serves_what_has_no_form() -> None:
    assert form_of(FORMS, "no_such_item").id == "general" and form_of(FORMS, "food_licence").id == "food_licence"
    values = {"area": "60", "shop_name": "味之鲜", "fumes": "有"}
    (section, _) = fill(FORMS["general"], values, QUESTIONS, IMPRINT, WORDING.words).sections
    assert {(line.label, line.value) for line in section.lines} == {
        ("经营面积", "60 平方米"), ("店铺名称", "味之鲜"), ("有没有油烟", "有"),
    }  # fmt: skip


@pytest.mark.parametrize("text", WEIRD, ids=range(len(WEIRD)))
def test_whatever_a_citizen_writes_is_shown_as_it_is(press: Press, text: str) -> None:
    paper = a_form(text)
    made = press.pdf(paper)
    seen = told(made)
    assert squeezed(text) in seen and "〔U+" not in seen
    for page in range(len(pypdfium2.PdfDocument(made))):
        assert pixels(made, page)[:, -50:].min() > 200, "nothing runs over the margin"
    assert squeezed(text) in words_of(docx(paper, WORDING.words))
    notice = compose(WORDING, replace(DEFECTS, defects=(Defect(text, text, text),), applicant=text), IMPRINT)  # type: ignore[arg-type]
    assert told(press.pdf(notice)).count(squeezed(text)) >= 3
    assert pixels(press.pdf(notice))[:, -50:].min() > 200


def test_ten_thousand_characters_go_to_an_annex_whole(press: Press) -> None:
    text = "".join(f"第{n}句话，" for n in range(1600))
    assert len(text) > 10_000
    paper = a_form(text)
    assert paper.annexes == (Annex("经营者名称", text),)
    for made in (told(press.pdf(paper)), words_of(docx(paper, WORDING.words))):
        assert "见附页1" in made and "附页1经营者名称" in re.sub(r"\u3000", "", made)
        footer = r"某县政务服务中心第\d+页，共\d+页20261121-CY-00001-7"
        assert text in re.sub(footer, "", made)
    in_a_table = compose(WORDING, replace(DEFECTS, defects=(Defect("布局图", text, "改"),)), IMPRINT)  # type: ignore[arg-type]
    seen = re.sub(r"[^第\d句话，]", "", told(press.pdf(in_a_table)))
    assert "第1599句话，" in seen and len(pypdfium2.PdfDocument(press.pdf(in_a_table))) > 3
    unbroken = a_form("9" * 10_000)
    assert told(press.pdf(unbroken)).count("9") >= 10_000


def test_what_no_font_can_show_stands_there_by_its_code(press: Press) -> None:
    paper = a_form("张𪚥龘店\ue000 བོད 1️⃣")
    text = told(press.pdf(paper))
    assert "张〔U+2A6A5〕龘店〔U+E000〕" in text and "〔U+0F56〕" in text and "13800138000" not in text
    assert "请在打印件上手写改正" in text and "20261121-CY-00001-7" in text, "a mark takes no digit with it"
    assert "𪚥" in words_of(docx(paper, WORDING.words)), "Word may have the font"
    assert press.picture(paper)
    assert "〔U+" not in told(press.pdf(a_form("ئۇيغۇر")))


def test_signs_that_no_paper_can_show_are_left_out() -> None:
    assert legible("a\x00b\x1bc\x7f\u202ed\u2066e\ufeff\ud800\r\nf\tg") == "abcde\ufffd\nf    g"
    assert legible("👨‍👩‍👧 é\u0301") == "👨‍👩‍👧 é\u0301"


def test_a_signature_is_there_and_an_empty_place_where_it_is_not(press: Press) -> None:
    drawn = io.BytesIO()
    image = Image.new("RGBA", (600, 200), (0, 0, 0, 0))
    ImageDraw.Draw(image).line([(20, 150), (100, 30), (250, 40), (560, 120)], (0, 0, 60, 255), 9)
    image.save(drawn, "PNG")
    bare = compose(WORDING, COMMITMENT, replace(IMPRINT, link=""))
    signed = compose(
        WORDING,
        COMMITMENT,
        replace(IMPRINT, link=""),
        {"applicant": Signed("张建国", "2026年11月21日", drawn.getvalue())},
    )
    counts = [
        len([one for one in pypdfium2.PdfDocument(press.pdf(paper))[0].get_objects() if one.type == 3])
        for paper in (bare, signed)
    ]
    assert counts[1] == counts[0] + 1
    assert "2026年11月21日告知单位" not in told(press.pdf(bare)) and "张建国2026年11月21日" in told(press.pdf(signed))
    assert told(press.pdf(signed)).count("年月日") == 1 and told(press.pdf(bare)).count("年月日") == 2
    assert len(word.Document(io.BytesIO(docx(signed, WORDING.words))).inline_shapes) == 1


def test_the_qr_code_holds_the_link(press: Press) -> None:
    """Seen on the rendered page: its modules are those of the code that the link makes."""
    import segno

    paper = compose(WORDING, RECEIPT, IMPRINT)
    page = pypdfium2.PdfDocument(press.pdf(paper))[0]
    scale, point = 8, 8 * 72 / 25.4
    seen = np.asarray(page.render(scale=scale).to_pil().convert("L")) < 128
    left, top, size = 210 - 22 - 19, 18 - 9.5, 19
    code = np.array([list(row) for row in segno.make(IMPRINT.link, error="m", micro=False).matrix], bool)
    step = size / (len(code) + 4)
    middles = (np.arange(len(code)) + 2.5) * step
    rows, columns = ((start + middles) * point for start in (top, left))
    assert (seen[np.ix_(rows.astype(int), columns.astype(int))] == code).mean() > 0.99


def test_papers_are_made_at_once_by_many(press: Press) -> None:
    papers = [compose(WORDING, facts, IMPRINT) for facts in PAPERS]
    alone, together = [press.pdf(paper) for paper in papers], [b""] * len(papers)

    def one(place: int) -> None:
        together[place] = press.pdf(papers[place])

    threads = [threading.Thread(target=one, args=(place,)) for place in range(len(papers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert alone == together, "the same paper is the same file, byte for byte"


def test_everything_is_bound_as_one_pdf_with_its_contents(press: Press) -> None:
    form, receipt = press.pdf(a_form("味之鲜")), press.pdf(compose(WORDING, RECEIPT, IMPRINT))
    long = press.pdf(a_form("很长的名字" * 700))
    files = [
        File("申请书", "pdf", form),
        File("附页多的申请书", "pdf", long),
        File("布局图", "jpg", photo("JPEG")),
        File("可改的申请书", "docx", b"PK"),
        File("门头照片", "png", photo("PNG")),
        File("回执", "pdf", receipt),
    ]
    whole = pypdfium2.PdfDocument(bind(press, WORDING, files, IMPRINT, applicant="张建国", matter="开办餐饮店"))
    pages = [squeezed(page.get_textpage().get_text_range()) for page in whole]
    listed = dict(re.findall(r"(申请书|附页多的申请书|布局图|门头照片|回执)(\d+)", pages[0].split("页码")[1]))
    assert "可改的申请书" not in pages[0]
    assert listed["申请书"] == "2" and listed["附页多的申请书"] == "3"
    assert pages[int(listed["布局图"]) - 1] == "布局图" and pages[int(listed["门头照片"]) - 1] == "门头照片"
    assert pages[int(listed["回执"]) - 1].startswith("收件回执") and int(listed["回执"]) == len(pages)


def test_a_photo_stands_upright_and_whole(press: Press) -> None:
    lying, turned = (pixels(press.photo(photo("JPEG", orientation=way), "照片", NOW)) for way in (0, 6))
    black = [np.argwhere(page < 60) for page in (lying, turned)]
    (h0, w0), (h1, w1) = (np.ptp(found[found[:, 0] > 80], axis=0) for found in black)
    assert w0 == pytest.approx(h0, rel=0.1) and h1 == pytest.approx(w1, rel=0.1)
    assert h1 > h0 * 1.3, "on its side it is as wide as the page, upright it is taller"


def bomb() -> bytes:
    made = io.BytesIO()
    Image.new("1", (9000, 9000)).save(made, "PNG")
    return made.getvalue()


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"%PDF-1.7 broken", photo("PNG")[:30], photo("JPEG")[:-200], bomb()], ids=range(6)
)
def test_what_cannot_be_read_is_told_and_not_swallowed(press: Press, content: bytes) -> None:
    with pytest.raises(OperatorError):
        press.photo(content, "照片", NOW)
    with pytest.raises(OperatorError, match="合同"):
        bind(press, WORDING, [File("合同", "pdf", content)], IMPRINT, applicant="张", matter="事")


def test_a_zip_has_plain_names_and_a_manifest() -> None:
    names = [
        "../../etc/passwd",
        "C:\\windows\\con",
        "a/b\x00c\u202egpj.exe",
        "布局图 (1)",
        "",
        "...",
        "名" * 300,
        "同名",
        "同名",
    ]
    files = [File(name, "pdf", name.encode()) for name in names]
    packed = zipfile.ZipFile(io.BytesIO(archive(files, NOW)))
    stored = packed.namelist()
    assert len(set(stored)) == len(names) + 1 and MANIFEST in stored
    assert not [name for name in stored if re.search(r'[\\/:*?"<>|\x00-\x1f\u202e]|\.\.|^\.', name) or len(name) > 80]
    manifest = json.loads(packed.read(MANIFEST))
    assert [one["name"] for one in manifest["files"]] == names
    for one in manifest["files"]:
        assert packed.read(one["file"]).decode() == one["name"] and len(one["sha256"]) == 64
    assert archive(files, NOW) == archive(files, NOW)
    assert safe_name("食品经营许可申请书") == "食品经营许可申请书"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("    title: 收件回执\n", "    title: 收件回执\n    colour: 红\n", "colour"),
        ('value: "{received_at}"', 'value: "{arrived_at}"', "no fact is called 'arrived_at'"),
        ('value: "{received_at}"', 'value: "{received_at.year}"', "no fact is called '{'"),
        ("table: materials", "table: papers", "no list is called 'papers'"),
        ("{name: 材料, state: 情况}", "{name: 材料, colour: 情况}", "materials has no 'colour'"),
        ("widths: [3, 2]", "widths: [3, 2, 1]", "as many widths"),
        ("  longest: 160 ", "  longest: many ", "longest"),
        ("  receipt:\n", "  recept:\n", "no paper is called 'recept'"),
    ],
)  # fmt: skip
def test_faults_of_the_words_are_told_with_their_line(tmp_path: Path, old: str, new: str, what: str) -> None:
    text = (CONFIG / "papers.yml").read_text("utf-8")
    assert old in text
    changed = text.replace(old, new, 1)
    (tmp_path / "papers.yml").write_text(changed, "utf-8")
    with pytest.raises(ConfigError) as raised:
        load_wording(tmp_path)
    line = changed[: changed.index(new)].count("\n") + 1
    found = [fault for fault in str(raised.value).splitlines() if what in fault]
    assert found and abs(int(found[0].split(":")[1]) - line) <= 8, found


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("field: shop", "field: nobody", 5, "fields.yml has no 'nobody'"),
        ("{fumes: 有}", "{fumes: 也许}", 6, "fumes is never 也许"),
        ("field: fumes, kind", "field: shop, kind", 7, "shop has no options to tick"),
        ("id: one", "id: two", 1, "as the file is called"),
        ("title: 表\n", "title: 表\ncolour: 红\n", 3, "colour"),
        ("text: 固定", "text: 固定, field: shop", 8, "one of field, text and boxes"),
    ],
)
def test_faults_of_forms_are_told_with_their_line(tmp_path: Path, old: str, new: str, line: int, what: str) -> None:
    form = """id: one
title: 表
sections:
  - rows:
      - {label: 店名, field: shop}
      - {label: 油烟, boxes: [{name: 有油烟, when: {fumes: 有}}]}
      - {label: 油烟, field: fumes, kind: boxes}
      - {label: 其他, text: 固定}
"""
    (tmp_path / "forms").mkdir()
    fields = (
        "shop: {name: 店名, ask: 叫什么}\nfumes: {name: 油烟, kind: choose, ask: 有吗, options: [有, {value: 没有}]}\n"
    )
    (tmp_path / "fields.yml").write_text(fields, "utf-8")
    (tmp_path / "forms" / "general.yml").write_text("id: general\ntitle: 表\nsections: [{rest: 'yes'}]\n", "utf-8")
    (tmp_path / "forms" / "one.yml").write_text(form, "utf-8")
    assert set(load_forms(tmp_path)) == {"one", "general"}
    assert old in form
    (tmp_path / "forms" / "one.yml").write_text(form.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigError) as raised:
        load_forms(tmp_path)
    assert f"one.yml:{line}: " in str(raised.value) and what in str(raised.value)
    (tmp_path / "forms" / "general.yml").unlink()
    (tmp_path / "forms" / "one.yml").write_text(form, "utf-8")
    with pytest.raises(ConfigError, match=r"general\.yml"):
        load_forms(tmp_path)


def test_the_file_for_word_is_the_one_that_is_drawn(tmp_path: Path) -> None:
    blank.draw(tmp_path / "paper.docx")
    drawn, kept = (zipfile.ZipFile(path).read("word/document.xml") for path in (tmp_path / "paper.docx", blank.PATH))
    assert drawn == kept, "python -m bot.documents.blank draws it anew"


def test_halves_stand_side_by_side_and_a_lone_one_takes_the_row(press: Press) -> None:
    lines = tuple(Line(f"标{n}", f"值{n}", half=n in (1, 2, 4)) for n in range(1, 6))
    page = pypdfium2.PdfDocument(press.pdf(Paper("表", IMPRINT, sections=(Section(lines=lines),))))[0].get_textpage()

    def place(text: str) -> tuple[float, float]:
        found = page.search(text).get_next()
        assert found is not None
        box = page.get_charbox(found[0])
        return box[0], box[1]

    tops = [round(place(f"值{n}")[1]) for n in range(1, 6)]
    assert tops[0] == tops[1] and tops[1] > tops[2] > tops[3] > tops[4]
    assert place("值2")[0] > place("值1")[0] and place("值4")[0] == place("值1")[0]
