"""The task ledger (台账) as lead departments return it: what the scheme prints, and invented progress."""
import random
import tomllib
from decimal import Decimal
from pathlib import Path

from .months import Month, luck, rounded
from .plan import Annex, Column

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "luntai-2023-2025"
PROGRESS = ("已召开推进会，任务分解到责任单位", "正在开展摸底调查，建立问题清单", "项目前期手续正在办理，计划下月开工", "现场施工正在推进",
            "已组织检查两次，发现的问题正在整改", "宣传活动按计划开展", "资金已申请，正在等待批复")
PROBLEMS = ("资金尚未到位", "专业人员不足", "部分企业配合不够")


def load(name):
    return tomllib.loads((TEMPLATES / name).read_text(encoding="utf-8"))


def in_full(text, roster):
    """Departments as the roster spells them: what a blank form prints."""
    return "、".join(roster.get(name, name) for name in names_in(text))


def annex(month, seed):
    """All rows as a blank form prints them, with the progress of a month."""
    written, scheme = load("annex-ledger.toml"), load("scheme.toml")
    roster = {name: r["name"] for r in scheme["reporters"] for name in (r["name"], *r.get("aliases", []))}
    targets = {target["id"]: target for target in load("targets.toml")["target"]}
    names = [column["name"] for column in written["columns"]]
    columns = [Column((name,), "figure" if name == "本期完成值" else "text", column.get("width", 10),
                      "equal" if column.get("merge_down") else "") for name, column in zip(names, written["columns"])]
    rows, texts = [], {}
    for row in written["row"]:
        task, goal = row["key"]
        texts = {**(texts if texts.get("任务序号") == task else {}), **row.get("cells", {}), "任务序号": task, "量化目标": goal}
        target = targets.get(row.get("target"))
        texts = {**texts, **{key: in_full(texts[key], roster) for key in ("牵头单位", "配合单位")}}
        rng = random.Random(f"{seed}/{month}/{task}")
        values = {**texts, "进展情况": "", "存在问题": "", "本期完成值": "", "目标值": "", "计量单位": "", "完成年度": ""}
        if target:
            years = target.get("years") or [target["year"]]
            sign = {"at-least": "≥", "at-most": "≤"}.get(target.get("bound", ""), "")
            values.update({"目标值": sign + target["value"], "计量单位": target["unit"], "完成年度": "—".join(map(str, dict.fromkeys(years)))})
            if rng.random() < 0.85:
                values["本期完成值"] = str(reached(target, month, seed))
        if rng.random() < 0.8:
            values["进展情况"] = "已完成年度工作" if rng.random() < 0.06 else rng.choice(PROGRESS)
        if rng.random() < 0.15:
            values["存在问题"] = rng.choice(PROBLEMS)
        rows.append([values.get(name, "") for name in names])
    return Annex("台账", written["title"], columns, rows, ("任务序号", "量化目标"))


def reached(target, month: Month, seed):
    """A little short of a share, a part of an amount."""
    value = Decimal(target["value"])
    if target.get("bound") == "at-most":
        return rounded(value * luck(seed, target["id"], low=96, high=104) / 100, 2).normalize()
    gone = (month.year - 2023) * 12 + month.month
    share = luck(seed, target["id"], low=88, high=99) if target["unit"] == "%" else luck(seed, target["id"]) * gone / 36
    return rounded(value * share / 100, 2).normalize()


def names_in(text):
    """Departments listed with either of the plan's separators."""
    return text.replace("，", "、").split("、")


def rows_of(form, lead):
    """A lead department's rows."""
    place = form.place("牵头单位")
    return [row for row in form.rows if lead in names_in(row[place])]


def leads(form):
    """Everybody who leads a task, in the plan's order."""
    place = form.place("牵头单位")
    return list(dict.fromkeys(name for row in form.rows for name in names_in(row[place])))
