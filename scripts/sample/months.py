"""What a county could have done by a month: invented figures that follow the plan, the season and a seed.

Figures of the year in hand are cumulative since 1 January, those of the year before are final, later years are blank.
Nothing here is measured; it only has to look like returns and to add up.
"""
import random
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from .plan import A1, A1_1, A2, A2_1, A3, A3_1, A4, A5, A7, SOURCES, USES, YEARS

# Share of a year's work that is done by the end of each month: trees are planted in spring and autumn, fields are
# watered in summer, everything else goes on evenly.
PLANTING = (0, 2, 14, 38, 58, 62, 62, 63, 67, 82, 96, 100)
WATERING = (1, 2, 7, 18, 33, 50, 67, 82, 91, 96, 98, 100)
EVENLY = tuple(round(100 * m / 12) for m in range(1, 13))


@dataclass(frozen=True)
class Month:
    """A month of one of the plan's years."""

    year: int
    month: int

    @classmethod
    def parse(cls, text):
        year, month = text.split("-")
        return cls(int(year), int(month))

    def __str__(self):
        return f"{self.year}-{self.month:02}"

    @property
    def text(self):
        return f"{self.year}年{self.month}月"

    def share(self, course, year):
        """How much of a year's work is done, in percent; None for what has not begun."""
        if year > self.year:
            return None
        return 100 if year < self.year else course[self.month - 1]


def rounded(value, decimals=0):
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def luck(seed, *about, low=90, high=108):
    """How well it goes, in percent: the same for the same thing in every month."""
    return Decimal(random.Random("/".join(map(str, (seed, *about)))).randint(low * 10, high * 10)) / 10


def text_of(value):
    return "" if value is None else str(value)


def done(plan, share, rate, decimals=0):
    """What is done of a planned figure."""
    return None if share is None else rounded(Decimal(plan) * share * rate / 10000, decimals)


def afforestation(row, month, seed):
    """A township's row of 附件3."""
    years = [done(plan, month.share(PLANTING, int(year)), luck(seed, row[0], "造林", year), 1)
             for year, plan in zip(YEARS, row[1:4])]
    return [row[0], *map(text_of, years), str(sum(y for y in years if y is not None))]


def water(row, month, seed):
    """A row of 附件7: uses are counted, sources add up to the same."""
    values = dict(zip((c.name for c in A7.columns), row))
    for year in YEARS:
        used = [done(values[f"农业用水量/{year}年度/{use}"],
                     month.share(WATERING if use == "农业" else EVENLY, int(year)),
                     luck(seed, row[1], row[2], use, year, low=88, high=102)) for use in USES]
        if used[0] is None:
            filled = ["", *[""] * 3, *[""] * 3]
        else:
            total = sum(used)
            planned = [Decimal(values[f"水指标按水源类型分/{year}年度/{source}"]) for source in SOURCES]
            ground, other = (rounded(total * part / sum(planned)) for part in planned[1:])
            filled = [str(total), *map(str, (total - ground - other, ground, other)), *map(str, used)]
        names = [f"{year}年度用水总量指标", *(f"水指标按水源类型分/{year}年度/{s}" for s in SOURCES),
                 *(f"农业用水量/{year}年度/{u}" for u in USES)]
        values.update(zip(names, filled))
    return list(values.values())


def total(annex, rows, label):
    """The total row of an annex: figures added up, blanks left out."""
    out = list(label)
    for place in range(len(label), len(annex.columns)):
        figures = [Decimal(row[place]) for row in rows if row[place]]
        out.append(str(sum(figures)) if figures else "")
    return out


def air(month, seed):
    """附件1: averages of the year so far; share of good days, PM2.5, share of heavy pollution, PM10."""
    values = dict(zip((c.name for c in A1.columns), A1.rows[0]))
    moves = ((Decimal("1.2"), 1), (Decimal("-0.6"), 1), (Decimal(0), 1), (Decimal("-2.4"), 1))
    for year in YEARS:
        for (move, decimals), name in zip(moves, dict.fromkeys(c.path[0] for c in A1.columns[1:])):
            key = f"{name}/{year}年"
            known = month.share(EVENLY, int(year)) is not None
            rate = luck(seed, name, year, month if int(year) == month.year else "", low=0, high=100) / 100
            values[key] = str(rounded(Decimal(values[key]) + move * rate, decimals)) if known else ""
    return [list(values.values())]


def rivers(month):
    """附件1.1: sections either reach the class or do not."""
    row = [text if c.kind != "figure" or int(c.path[0][:4]) <= month.year else ""
           for c, text in zip(A1_1.columns, A1_1.rows[0])]
    return [row]


def greens(month):
    """附件2: rates of what stands, a little below the goal until the year's work is done."""
    rows = []
    for row in A2.rows:
        figures = []
        for place, year in enumerate(YEARS, 1):
            share, goal = month.share(PLANTING, int(year)), Decimal(row[place])
            before = Decimal(row[place - 1]) if place > 1 else goal
            value = None if share is None else rounded(before + (goal - before) * share / 100, 2)
            figures.append(text_of(value))
        rows.append([row[0], *figures, row[-1]])
    return rows


def by_year(annex, month, course, seed, columns, decimals):
    """An annex with a row for each year: figures done so far, blanks for later years."""
    rows = []
    for row in annex.rows:
        year, row = int(row[annex.place(annex.keys[0])][:4]), list(row)
        share = month.share(course, year)
        for name in columns:
            place = annex.place(name)
            if row[place]:
                figure = done(row[place].rstrip("%"), share, luck(seed, annex.number, name, year, low=94, high=102), decimals)
                row[place] = text_of(figure) + ("%" if figure is not None and row[place].endswith("%") else "")
        rows.append(row)
    return rows


def new_greens(month, seed):
    """附件2.1, with its totals."""
    kinds = [c.name for c in A2_1.columns if c.kind == "figure" and c.name != "合计"]
    rows = by_year(A2_1, month, PLANTING, seed, kinds, 2)
    for row in rows:
        figures = [Decimal(row[A2_1.place(k)]) for k in kinds if row[A2_1.place(k)]]
        row[A2_1.place("合计")] = str(sum(figures)) if figures else ""
    return rows


def restoration(month, seed, planted):
    """附件5: `planted` is what all townships planted, in 亩 by year; the form tells it in 万亩."""
    area, money = "面积\n（万亩）", "投资金额\n（万元）"
    rows = by_year(A5, month, PLANTING, seed, [area, money], 2)
    for row in rows:
        year = row[A5.place("年度")]
        if row[A5.place("项目内容")] == "人工造乔木林" and row[A5.place(area)]:
            row[A5.place(area)] = str(rounded(planted[year] / 10000, 2))
    return rows


def basin(rows_5):
    """附件3.1: the same projects as in 附件5, as far as it names them."""
    places = [A5.place(name) for name in ("年度", "项目内容")]
    known = {tuple(row[p] for p in places): row for row in rows_5}
    rows = []
    for row in A3_1.rows:
        same = known[tuple(row[A3_1.place(name)] for name in ("年度", "项目内容"))]
        rows.append([*row[:3], *same[3:5], row[5]])
    return rows


def reuse(month, seed):
    """附件4: the share of water used again by now."""
    return by_year(A4, month, (100,) * 12, seed, ["城镇生活污水再生利用率"], 0)


def filled(annex, rows, **changes):
    """The annex with other rows."""
    return replace(annex, rows=rows, **changes)


@dataclass
class County:
    """Townships with their plans: rows of 附件3 by township, rows of 附件7."""

    name: str
    seed: int
    plan_3: list
    plan_7: list

    @property
    def townships(self):
        return [row[0] for row in self.plan_3]

    def rows_3(self, month):
        return [afforestation(row, month, self.seed) for row in self.plan_3]

    def rows_7(self, month):
        return [water(row, month, self.seed) for row in self.plan_7]


def luntai(seed):
    """The county of the plan."""
    return County("轮台县", seed, A3.rows, A7.rows)


def invented(name, townships, seed):
    """A county with so many townships and a plan of its own."""
    rng = random.Random(f"{seed}/{name}")
    plan_3, plan_7 = [], []
    for number, township in enumerate(townships, 1):
        years = [Decimal(rng.randint(200, 20000)) / 10 for _ in YEARS]
        plan_3.append([township, *map(str, years), str(sum(years))])
        values = {}
        for year in YEARS:
            uses = [rng.randint(0, 300), rng.randint(800, 6000), rng.randint(8, 240)]
            ground, other = rng.randint(100, 700), rng.choice((0, 0, 0, 40))
            values[f"{year}年度用水总量指标"] = sum(uses)
            values.update(zip((f"水指标按水源类型分/{year}年度/{s}" for s in SOURCES), (sum(uses) - ground - other, ground, other)))
            values.update(zip((f"农业用水量/{year}年度/{u}" for u in USES), uses))
        values.update({"序号": number, "灌区名称": f"第{(number - 1) // 8 + 1}灌区", "乡镇名称": township})
        plan_7.append([str(values[c.name]) for c in A7.columns])
    return County(name, seed, plan_3, plan_7)
