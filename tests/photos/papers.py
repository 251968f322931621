"""Made-up documents as pictures: people, shops and numbers that nobody has, in layouts of our own.

Two families of layout share no wording of labels where an office could word them otherwise, no font and no size.
"""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import noto_cjk_sans_otc
import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFont
from stdnum.cn import ric, uscc
from stdnum.iso7064 import mod_11_10

from nlu.codes import BODY_WEIGHTS, sound_uscc

FONTS = {
    "sans": Path(pylopdf_fonts_zh_cn.__file__).parent / "NotoSansSC-Regular.otf",
    "serif": Path(pylopdf_fonts_zh_cn.__file__).parent / "NotoSerifSC-Regular.otf",
    "plain": Path(noto_cjk_sans_otc.__file__).parent / "NotoSansCJK-Regular.ttc",
}
SURNAMES, GIVEN = "赵钱孙周吴郑冯陈褚卫蒋沈韩杨朱秦", "建国秀英志强丽华晓明海燕玉兰文博雨桐翀镕曌"
TOWNS = ["千阳县", "临河县", "青石县", "安宁区", "云溪区"]
STREETS = ["南大街", "人民路", "建设东路", "新华巷", "文昌街", "滨河路"]
TRADES = ["面馆", "小吃店", "奶茶店", "便利店", "烧烤店", "餐饮店", "药房", "理发店"]
SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
FOREVER = date.max.isoformat()

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Person:
    name: str
    id: str
    born: date
    woman: bool


@dataclass
class Paper:
    """A document: its picture, what stands in it by field, and where each field's value stands."""

    kind: str
    image: Image.Image
    truth: dict[str, str] = field(default_factory=dict)
    places: dict[str, Box] = field(default_factory=dict)


class Chance(random.Random):
    """Chance, but for what is wanted: the first person of that name, born then, and every place at that address."""

    def __init__(self, seed: int, name: str = "", address: str = "", born: str = "") -> None:
        super().__init__(seed)
        self.name, self.address, self.born = name, address, born


def person(by: random.Random) -> Person:
    born, woman = date(1960, 1, 1) + timedelta(days=by.randrange(16000)), by.random() < 0.5
    if isinstance(by, Chance) and by.born:
        born = date.fromisoformat(by.born)
    body = f"{by.choice(['610328', '110115', '371082', '330106', '440305'])}{born:%Y%m%d}"
    body += f"{by.randrange(100):02}{2 * by.randrange(5) + (not woman)}"
    name = by.choice(SURNAMES) + "".join(by.choices(GIVEN, k=by.choice([1, 2, 2])))
    if isinstance(by, Chance) and by.name:
        name, by.name = by.name, ""
    return Person(name, body + ric.calc_check_digit(body + "0"), born, woman)


def credit_code(by: random.Random) -> str:
    body = "".join(by.choice(SIGNS) for _ in range(8))
    rest = 11 - sum(int(sign, 36) * weight for sign, weight in zip(body, BODY_WEIGHTS, strict=True)) % 11
    code = f"92{by.choice(['610328', '110115', '371082'])}{body}{ {10: 'X', 11: '0'}.get(rest, rest) }"
    code += uscc.calc_check_digit(code)
    return code if sound_uscc(code) else credit_code(by)


def licence_no(by: random.Random) -> str:
    digits = f"{by.choice('12')}610328{by.randrange(10**6):06}"
    return f"JY{digits}{mod_11_10.calc_check_digit(digits)}"


def place(by: random.Random) -> str:
    if isinstance(by, Chance) and by.address:
        return by.address
    return f"陕西省{by.choice(TOWNS)}{by.choice(STREETS)}{by.randrange(1, 300)}号"


def shop(by: random.Random) -> str:
    head = "".join(by.choices("福禄祥瑞和兴隆味香满园春秋乐家", k=by.choice([2, 3])))
    return f"{by.choice(TOWNS)}{head}{by.choice(TRADES)}"


def a_day(by: random.Random, first: int, last: int) -> date:
    return date(first, 1, 1) + timedelta(days=by.randrange(365 * (last - first)))


def written(day: date, how: int = 0) -> str:
    if day == date.max:
        return "长期"
    if how == 1:
        return f"{day:%Y.%m.%d}"
    if how == 2:
        return f"{day:%Y-%m-%d}"
    return f"{day.year}年{day.month:02}月{day.day:02}日"


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS[name], size)


class Sheet:
    """A page that is written on. `family`: 0 or 1, the two kinds of office."""

    def __init__(self, kind: str, size: tuple[int, int], family: int, paper: str = "#fbfaf5", frame: str = "") -> None:
        self.made = Paper(kind, Image.new("RGB", size, paper))
        self.draw = ImageDraw.Draw(self.made.image)
        self.family, self.face = family, "serif" if family else "sans"
        if frame:
            width, height = size
            self.draw.rectangle((18, 18, width - 18, height - 18), outline=frame, width=6)
            self.draw.rectangle((32, 32, width - 32, height - 32), outline=frame, width=2)

    def put(self, x: int, y: int, text: str, size: int = 34, ink: str = "#222222", face: str = "") -> Box:
        self.draw.text((x, y), text, ink, font(face or self.face, size))
        return tuple(map(int, self.draw.textbbox((x, y), text, font(face or self.face, size))))  # type: ignore[return-value]

    def middle(self, y: int, text: str, size: int, ink: str = "#222222") -> None:
        width = self.draw.textlength(text, font(self.face, size))
        self.put(int((self.made.image.width - width) / 2), y, text, size, ink)

    def row(self, x: int, y: int, label: str, name: str, shown: str, true: str, size: int = 34, gap: int = 250) -> None:
        """A label and, `gap` to the right of it, a value that is looked for."""
        if label:
            self.put(x, y, label, size, "#5a4a2a")
        box = self.put(x + gap, y, shown, size)
        if name:
            self.made.truth[name], self.made.places[name] = true, box


def business_license(by: random.Random, family: int) -> Paper:
    owner, code, name, where = person(by), credit_code(by), shop(by), place(by)
    since = a_day(by, 2008, 2025)
    until = date.max if family else date(since.year + 30, since.month, min(since.day, 28))
    sheet = Sheet("business_license", (1500, 1060), family, "#fdf9ec", "#b08a3c")
    sheet.middle(90, "营业执照" if family else "营 业 执 照", 84, "#8c1c13")
    sheet.middle(205, "（副 本）" if family == 0 else "（副本）", 34)
    if family:
        sheet.put(1050, 120, "统一社会信用代码", 28)
        box = sheet.put(1050, 160, code, 34)
        sheet.made.truth["uscc"], sheet.made.places["uscc"] = code, box
        x, y, step, gap, size = 130, 300, 78, 270, 35
    else:
        sheet.row(110, 130, "统一社会信用代码", "", "", "", 26)
        box = sheet.put(110, 168, code, 34)
        sheet.made.truth["uscc"], sheet.made.places["uscc"] = code, box
        x, y, step, gap, size = 110, 290, 84, 250, 34
    rows = [
        ("名    称" if family else "名  称", "name", name, name),
        ("类    型" if family else "类  型", "", "个体工商户", ""),
        ("经 营 者" if family else "法定代表人", "person", owner.name, owner.name),
        ("组成形式" if family else "注册资本", "", "个人经营" if family else "壹拾万元整", ""),
        ("注册日期" if family else "成立日期", "valid_from", written(since), since.isoformat()),
        ("营业期限" if family == 0 else "经营期限", "valid_to", "", until.isoformat()),
        ("经营场所" if family else "住  所", "address", where, where),
        ("经营范围", "", "餐饮服务；食品销售（依法须经批准的项目，", ""),
    ]
    for number, (label, field_, shown, true) in enumerate(rows):
        if field_ == "valid_to":
            shown = "长期" if until == date.max else f"{written(since)}至{written(until)}"
        sheet.row(x, y + number * step, label, field_, shown, true, size, gap)
    sheet.put(x + gap, y + 8 * step - 30, "经相关部门批准后方可开展经营活动）", size)
    sheet.put(900, 985, f"登记机关  {by.choice(TOWNS)}市场监督管理局", 30)
    sheet.draw.ellipse((1130, 760, 1350, 980), outline="#d8453a", width=5)
    return sheet.made


def id_card_front(by: random.Random, family: int) -> Paper:
    one, where = person(by), place(by)
    sheet = Sheet("id_card_front", (1260, 794) if family else (1180, 744), family, "#eef3f6")
    face = "plain" if family else "sans"
    x, y, step, size = (90, 80, 92, 38) if family else (80, 90, 84, 36)
    sheet.row(x, y, "姓名" if family else "姓  名", "name", one.name, one.name, size + 4, 140)
    sheet.put(x, y + step, "性别" if family else "性  别", size, "#2a6080")
    sheet.put(x + 140, y + step, "女" if one.woman else "男", size)
    sheet.put(x + 260, y + step, "民族", size, "#2a6080")
    sheet.put(x + 370, y + step, "汉", size)
    sheet.put(x, y + 2 * step, "出生" if family else "出  生", size, "#2a6080")
    sheet.put(x + 140, y + 2 * step, f"{one.born.year} 年 {one.born.month} 月 {one.born.day} 日", size, face=face)
    sheet.row(x, y + 3 * step, "住址" if family else "住  址", "address", where, where, size, 140)
    sheet.row(x, y + 6 * step, "公民身份号码", "id", one.id, one.id, size + 2, 330)
    sheet.draw.rounded_rectangle((850, 90, 1120, 470), 30, fill="#c9d6dc")
    sheet.draw.ellipse((920, 150, 1050, 300), fill="#e8c9a8")
    sheet.draw.pieslice((880, 290, 1090, 600), 180, 360, fill="#44586b")
    return sheet.made


def id_card_back(by: random.Random, family: int) -> Paper:
    since = a_day(by, 2012, 2024)
    years = by.choice([10, 20])
    until = date(since.year + years + 4, since.month, min(since.day, 28)) if not (family and years == 20) else date.max
    sheet = Sheet("id_card_back", (1260, 794) if family else (1180, 744), family, "#eef1f3")
    sheet.draw.ellipse((90, 90, 270, 270), fill="#c23a2b")
    sheet.put(330, 110, "中华人民共和国", 62)
    sheet.put(330, 210, "居 民 身 份 证" if family == 0 else "居民身份证", 74)
    sheet.put(300, 520, "签发机关", 38, "#2a6080")
    sheet.put(500, 520, f"{by.choice(TOWNS)}公安局", 38)
    how = 1
    shown = f"{written(since, how)}-{written(until, how)}"
    sheet.row(300, 610, "有效期限", "valid_to", shown, until.isoformat(), 38, 200)
    sheet.made.truth["valid_from"] = since.isoformat()
    return sheet.made


def food_license(by: random.Random, family: int) -> Paper:
    owner, code, number, name, where = person(by), credit_code(by), licence_no(by), shop(by), place(by)
    until = a_day(by, 2027, 2031)
    sheet = Sheet("food_license", (1500, 1060), family, "#f7fbf2", "#4b8b3b")
    sheet.middle(80, "食品经营许可证", 78, "#8c1c13")
    left, right, size, step = (120, 800, 31, 96) if family else (110, 790, 30, 100)
    gap = 270 if family else 255
    rows = [
        ("经营者名称", "name", name, name),
        ("统一社会信用代码" if family == 0 else "社会信用代码", "uscc", code, code),
        ("法定代表人（负责人）" if family == 0 else "负责人", "person", owner.name, owner.name),
        ("经营场所", "address", where, where),
        ("主体业态", "", "餐饮服务经营者", ""),
        ("经营项目", "", "热食类食品制售；自制饮品制售", ""),
    ]
    for place_, (label, field_, shown, true) in enumerate(rows):
        sheet.row(left, 260 + place_ * step, label, field_, shown, true, size, gap + (70 if family == 0 else 0))
    sheet.row(right, 880, "有效期至", "valid_to", written(until), until.isoformat(), 32, 190)
    sheet.row(right - 10, 195, "许可证编号", "license_no", number, number, 32, 190)
    sheet.put(left, 880, f"发证机关 {by.choice(TOWNS)}市场监督管理局", 30)
    sheet.put(left, 940, f"签发日期 {written(date(until.year - 5, until.month, min(until.day, 28)))}", 30)
    sheet.draw.ellipse((320, 790, 520, 990), outline="#d8453a", width=5)
    return sheet.made


def health_certificate(by: random.Random, family: int) -> Paper:
    one, since = person(by), a_day(by, 2026, 2027) - timedelta(days=20)
    until = since + timedelta(days=364)
    number = f"{by.choice(['HY', 'JK'])}{by.randrange(10**8):08}"
    sheet = Sheet("health_certificate", (1180, 760) if family else (1240, 800), family, "#eef8f4", "#5aa08a")
    sheet.middle(60, "健康证明" if family else "健 康 证", 64, "#14564a")
    sheet.middle(145, "（从业人员预防性健康检查合格）", 28)
    x, y, step, size, gap = (90, 220, 74, 32, 190) if family else (90, 225, 80, 34, 200)
    rows = [
        ("姓名" if family else "姓  名", "person", one.name, one.name),
        ("身份证号" if family else "身份证号码", "id", one.id, one.id),
        ("证件编号" if family else "编  号", "license_no", number, number),
        ("从业类别", "", "食品生产经营", ""),
        ("体检日期" if family else "发证日期", "valid_from", written(since, 2 * family), since.isoformat()),
        ("有效期至", "valid_to", written(until, 2 * family), until.isoformat()),
    ]
    for place_, (label, field_, shown, true) in enumerate(rows):
        sheet.row(x, y + place_ * step, label, field_, shown, true, size, gap + 10)
    sheet.put(x, y + 6 * step - 10, f"体检机构：{by.choice(TOWNS)}疾病预防控制中心", 28)
    sheet.draw.rectangle((900, 230, 1080, 470), fill="#cfdcd6", outline="#5aa08a")
    return sheet.made


def lease(by: random.Random, family: int) -> Paper:
    owner, tenant, where = person(by), person(by), place(by)
    since = a_day(by, 2025, 2026)
    until = date(since.year + by.choice([3, 5]), since.month, min(since.day, 28))
    sheet = Sheet("lease", (1240, 1700), family, "#ffffff")
    sheet.middle(110, "房屋租赁合同" if family else "商铺租赁合同", 56)
    size = 31 if family else 32
    sheet.row(
        130, 240, "出租方（甲方）：" if family else "甲方（出租人）：", "lessor", owner.name, owner.name, size, 280
    )
    sheet.row(
        130, 305, "承租方（乙方）：" if family else "乙方（承租人）：", "lessee", tenant.name, tenant.name, size, 280
    )
    sheet.put(130, 380, "根据《中华人民共和国民法典》，双方协商一致，订立本合同。", size - 3)
    if family:
        sheet.put(130, 450, "一、房屋坐落：", size)
        box = sheet.put(130 + 7 * size + 10, 450, where, size)
    else:
        sheet.put(130, 450, "第一条 租赁房屋位于", size)
        box = sheet.put(130 + 10 * size + 6, 450, where, size)
    sheet.made.truth["address"], sheet.made.places["address"] = where, box
    sheet.put(130, 515, f"建筑面积 {by.randrange(30, 200)} 平方米，用途为商业。", size)
    text = f"自{written(since)}起至{written(until)}止"
    sheet.put(130, 590, "二、租赁期限" if family else "第二条 租期", size)
    box = sheet.put(130 + 7 * size, 590, text, size)
    sheet.made.truth |= {"valid_from": since.isoformat(), "valid_to": until.isoformat()}
    sheet.made.places["valid_to"] = box
    rent = by.randrange(15, 90) * 100
    sheet.put(
        130, 665, f"{'三、' if family else '第三条 '}租金每月人民币 {rent} 元，按季支付，押金 {rent * 2} 元。", size
    )
    clauses = ["甲方保证对房屋有权出租，并配合乙方办理证照。", "乙方按约定用途使用房屋，不得擅自改变结构。"]
    clauses += [
        "水、电、物业等费用由乙方承担。",
        "任何一方违约，应赔偿对方因此受到的损失。",
        "房屋正常维修由甲方负责。",
    ]
    for number, one in enumerate(clauses):
        sheet.put(
            130,
            745 + number * 72,
            f"{'四五六七八'[number]}、{one}" if family else f"第{'四五六七八'[number]}条 {one}",
            size,
        )
    sheet.put(590, 1610, "第 1 页 共 2 页", 26)
    return sheet.made


def lease_last(by: random.Random, family: int) -> Paper:
    owner, tenant, day = person(by), person(by), a_day(by, 2025, 2026)
    sheet = Sheet("lease", (1240, 1700), family, "#ffffff")
    size = 31
    lines = [
        "合同期满，乙方在同等条件下有优先承租权。",
        "租赁期间房屋转让的，不影响本合同效力。",
        "因不可抗力不能履行的，双方互不承担责任。",
    ]
    lines += ["争议协商不成的，向房屋所在地人民法院起诉。", "本合同一式两份，双方各执一份，签字后生效。"]
    for number, one in enumerate(lines):
        head = f"{'九十'[number] if number < 2 else '十' + '一二三'[number - 2]}"
        sheet.put(130, 160 + number * 80, f"{head}、{one}" if family else f"第{head}条 {one}", size)
    sheet.row(130, 720, "出租方（签字）：" if family else "甲方（签字）：", "lessor", owner.name, owner.name, size, 260)
    sheet.row(
        130, 820, "承租方（签字）：" if family else "乙方（签字）：", "lessee", tenant.name, tenant.name, size, 260
    )
    sheet.row(130, 940, "签订日期：" if family else "签约日期：", "signed_on", written(day), day.isoformat(), size, 200)
    sheet.put(590, 1610, "第 2 页 共 2 页", 26)
    return sheet.made


def authorization(by: random.Random, family: int) -> Paper:
    one, other = person(by), person(by)
    since = date(2026, 11, 1) + timedelta(days=by.randrange(15))
    until = since + timedelta(days=180)
    sheet = Sheet("authorization", (1240, 1600), family, "#ffffff")
    sheet.middle(130, "授权委托书" if family else "委 托 书", 60)
    size, gap = (32, 240) if family else (33, 230)
    rows = [
        ("委托人：" if family else "委托人姓名：", "person", one.name),
        ("身份证号：" if family else "身份证号码：", "id", one.id),
        ("受托人：" if family else "受托人姓名：", "agent", other.name),
        ("身份证号：" if family else "身份证号码：", "agent_id", other.id),
    ]
    for number, (label, field_, shown) in enumerate(rows):
        sheet.row(140, 280 + number * 80, label, field_, shown, shown, size, gap)
    sheet.put(140, 640, "现委托受托人代为办理营业执照、食品经营许可的申请，", size)
    sheet.put(140, 700, "包括提交材料、领取证照，由此产生的责任由委托人承担。", size)
    sheet.put(140, 790, "委托期限：" if family else "授权期限：", size)
    box = sheet.put(140 + 5 * size + 12, 790, f"{written(since)}至{written(until)}", size)
    sheet.made.truth |= {"valid_from": since.isoformat(), "valid_to": until.isoformat()}
    sheet.made.places["valid_to"] = box
    sheet.put(700, 1050, "委托人（签字）：" if family else "委托人签名：", size)
    sheet.put(700, 1130, written(since), size)
    return sheet.made


def stranger(by: random.Random, family: int) -> Paper:
    """A paper that is none of these."""
    which = by.randrange(4)
    sheet = Sheet("", (1200, 1000), family, "#fffdf8")
    texts: dict[int, list[str]] = {
        0: [
            "收 款 收 据",
            f"今收到 {person(by).name} 交来",
            "店铺押金 人民币叁仟元整",
            f"日期 {written(a_day(by, 2025, 2026))}",
        ],
        1: ["菜 单", "招牌牛肉面  18元", "肉夹馍  9元", "凉皮  8元", "酸梅汤  6元", "营业时间 10:00-21:00"],
        2: [
            "机动车驾驶证",
            f"姓名 {person(by).name}",
            f"证号 {person(by).id}",
            "准驾车型 C1",
            "有效期限 2020-01-01 至 2030-01-01",
        ],
        3: ["招聘启事", "本店诚聘服务员两名", "要求持有健康证，身体健康", f"地址 {place(by)}", "电话 13800138000"],
    }
    sheet.middle(90, texts[which][0], 66)
    for number, one in enumerate(texts[which][1:]):
        sheet.put(160, 240 + number * 100, one, 38)
    return sheet.made


MAKERS = {
    "business_license": business_license,
    "id_card_front": id_card_front,
    "id_card_back": id_card_back,
    "food_license": food_license,
    "health_certificate": health_certificate,
    "lease": lease,
    "lease_last": lease_last,
    "authorization": authorization,
}
