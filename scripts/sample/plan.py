"""The twelve annexes of the action plan 2023-2025 of Luntai county (轮台县), every figure and text as printed.

Nothing is corrected here: totals that do not add up, 策达雅乡 beside 策大雅乡 and 比列 for 比例 are the plan's own.
"""
from dataclasses import dataclass, field

YEARS = ("2023", "2024", "2025")
SOURCES = ("地表水", "地下水", "其他水源")
USES = ("工业", "农业", "生活")


@dataclass
class Column:
    """One column: its header from top to bottom, what it holds, and how its equal neighbours are printed."""

    path: tuple
    kind: str = "figure"        # figure | text | date | code | serial
    width: float = 10
    merge: str = ""             # "equal": equal neighbours are one cell; "all": one cell beside the whole table

    @property
    def name(self):
        """The header path as one text: what the column is known by."""
        return "/".join(self.path)


@dataclass
class Annex:
    """One annex: title, columns, rows (each as long as `columns`) and the printed total row."""

    number: str
    title: str
    columns: list
    rows: list
    keys: tuple                 # columns that identify a row
    total: list = None          # the printed total row, its label first
    total_at: str = "bottom"
    unit_line: str = ""
    sums: dict = field(default_factory=dict)    # total column -> its parts

    def place(self, name):
        """Position of a column."""
        return [c.name for c in self.columns].index(name)


def table(text, n_columns, split=None):
    """Lines of a compact table; `.` is an empty cell."""
    rows = []
    for line in text.strip().splitlines():
        cells = ["" if c == "." else c for c in line.split(split)]
        assert len(cells) == n_columns, line
        rows.append(cells)
    return rows


def columns_1():
    indicators = (("环境空气质量优良率目标（%）", 9), ("PM2.5目标浓度(ug/m3)", 9), ("重污染天数比例（%）", 9),
                  ("PM10目标浓度(ug/m3)", 9))
    return [Column(("区域",), "text", 10)] + [Column((name, y + "年"), width=w) for name, w in indicators for y in YEARS]


def columns_11():
    indicators = ("河流监测断面达到或好于Ⅲ类水体比列", "湖库监测点位达到或好于Ⅲ类水体比列",
                  "县级及以上集中式饮用水水源地达到或好于Ⅲ类水体比列")
    years = ("2023年计划", "2024年计划", "2025年目标")
    return [Column(("县市",), "text", 10)] + [Column((y, i), width=15) for y in years for i in indicators]


def columns_7():
    out = [Column(("序号",), "serial", 5), Column(("灌区名称",), "text", 13, "equal"), Column(("乡镇名称",), "text", 13)]
    out += [Column((y + "年度用水总量指标",), width=9) for y in YEARS]
    out += [Column(("水指标按水源类型分", y + "年度", s), width=8) for y in YEARS for s in SOURCES]
    return out + [Column(("农业用水量", y + "年度", u), width=7) for y in YEARS for u in USES]


RESTORATION = [
    Column(("序号",), "serial", 6, "equal"), Column(("年度",), "text", 9, "equal"), Column(("项目内容",), "text", 18),
    Column(("面积\n（万亩）",), width=11), Column(("投资金额\n（万元）",), width=11), Column(("备注",), "text", 14),
]

A1 = Annex("附件1", "轮台县2023-2025年环境空气质量约束性指标计划", columns_1(),
           table("轮台县 55 57 58 40.0 40.0 39.8 0 0 0 170 169.5 169", 13), ("区域",))

A1_1 = Annex("附件1.1", "轮台县2023-2025年水环境质量考核指标计划", columns_11(),
             table("轮台县 100 － 100 100 － 100 100 － 100", 10), ("县市",))

A2 = Annex("附件2", "2023-2025年建成区绿化指标规划目标",
           [Column(("绿化指标",), "text", 24)] + [Column((y + "年",), width=11) for y in YEARS] +
           [Column(("备注",), "text", 24, "all")],
           table("""绿地率（%） 40.21 40.85 41.3 建成区面积8.05平方公里，人口7.2万人。
                    绿化覆盖率（%） 43.07 43.68 44.01 .
                    人均公园绿地面积（㎡） 16.42 17.53 18.32 .""", 5), ("绿化指标",))

KINDS = ("公园绿地新增（公顷）", "附属绿地新增（公顷）", "道路绿地新增（公顷）", "生产绿地新增（公顷）")
A2_1 = Annex("附件2.1", "2023-2025年建成区新增绿地面积规划目标",
             [Column(("年份",), "text", 10)] + [Column((k,), width=13) for k in KINDS] +
             [Column(("合计",), width=10), Column(("备注",), "text", 14, "all")],
             table("""2023年 2.33 1.25 3.23 . 6.81 规划区范围内
                      2024年 3.68 2.63 3.02 . 9.33 .
                      2025年 4.27 2.78 4.12 13.3 24.47 .""", 7), ("年份",),
             total=["合计", "10.28", "6.66", "10.37", "13.3", "40.61", ""], sums={"合计": KINDS})

A3 = Annex("附件3", "轮台县2023-2025年造林绿化任务指导性计划表",
           [Column(("单位",), "text", 16)] + [Column((y + "年度",), width=13) for y in YEARS] +
           [Column(("三年合计",), width=13)],
           table("""野云沟乡 184.5 381.8 140.9 707.2
                    策达雅乡 1209.8 182.1 209.9 1601.8
                    铁热克巴扎乡 323 143.9 273 739.9
                    阳霞镇 854.8 1990.6 1398.7 4244.1
                    塔尔拉克乡 264.5 122.2 169.4 556.1
                    阿克萨来乡 80.1 59.6 177.4 317.1
                    群巴克镇 251.4 781.7 1167.2 2200.3
                    哈尔巴克乡 685.3 289.6 327.1 1302
                    轮台镇 331.6 295.5 302.1 929.2
                    草湖乡 173 230 278.2 681.2
                    轮南镇 142 23 56.1 221.1""", 5), ("单位",),
           total=["全县合计", "4500", "4500", "4500", "13500"], unit_line="单位：亩",
           sums={"三年合计": tuple(y + "年度" for y in YEARS)})

A3_1 = Annex("附件3.1", "2023年至2025年塔里木河流域生态修复治理项目计划", RESTORATION,
             table("""1 2023 封（沙）山育林 5 500 轮南
                      1 2023 草原改良 1 90 草湖
                      2 2024 封（沙）山育林 4 400 草湖
                      3 2025 封（沙）山育林 5 500 轮南""", 6), ("年度", "项目内容"))

A4 = Annex("附件4", "2023-2025年城镇污水中水回用规划目标",
           [Column(("年份",), "text", 16), Column(("城镇生活污水再生利用率",), width=30),
            Column(("备注",), "text", 20, "all")],
           table("""2023年 40% 城镇污水
                    2024年 50% .
                    2025年 60% .""", 3), ("年份",))

A5 = Annex("附件5", "2023年至2025年塔里木河流域生态修复治理项目计划", RESTORATION,
           table("""1 2023 人工造乔木林 0.45 405 .
                    1 2023 退化林修复 0.2 130 .
                    1 2023 封（沙）山育林 5 500 .
                    1 2023 草原改良 1 90 .
                    2 2024 人工造乔木林 0.45 405 .
                    2 2024 退化林修复 0.2 130 .
                    2 2024 封（沙）山育林 4 400 .
                    3 2025 人工造乔木林 0.45 405 .
                    3 2025 退化林修复 0.2 130 .
                    3 2025 封（沙）山育林 5 500 .""", 6), ("年度", "项目内容"))

A6 = Annex("附件6", "轮台县2023-2025年燃气锅炉低氮改造锅炉明细表",
           [Column(("序号",), "serial", 5), Column(("地州市",), "text", 8), Column(("所在区、县",), "text", 10),
            Column(("所属单位",), "text", 44), Column(("蒸吨数",), width=8), Column(("建成时间",), "date", 12),
            Column(("是否有低氮改造设施",), "text", 11), Column(("计划完成低氮\n改造时间",), "date", 13),
            Column(("计划改造金额（万元）",), width=12), Column(("备注",), "text", 8)],
           table("""1 巴州 轮台县 新疆锦恒利废矿物油处置有限公司轮南蒸罐厂 1 2019-06-03 否 2023-08-30 12 .
                    2 巴州 轮台县 新疆欧利德沥青科技有限公司 2.5 2018-11-05 否 2023-08-30 25 .
                    3 巴州 轮台县 通奥检测集团股份有限公司 2.0 2010-10-29 否 2023-08-30 18 .
                    4 巴州 轮台县 新疆德源沥青有限公司 3 2018-07-06 否 2024-07-20 25 .
                    5 巴州 轮台县 轮台县天翼物资有限公司 2 2019-09-19 否 2024-07-20 18 .
                    6 巴州 轮台县 新疆巴州天源石油化工有限公司 5 2011-01-25 否 2025-08-30 30 .
                    7 巴州 轮台县 中国石油化工股份有限公司西北油田分公司物资供应管理中心 4 2010-10-29 否 2025-08-30 28 .""",
                 10), ("所属单位",))

A6_1 = Annex("附件6.1", "轮台县每小时65蒸吨及以上燃煤锅炉超低排放改造计划表",
             [Column(("序号",), "serial", 5), Column(("锅炉使用状态",), "text", 8),
              Column(("使用单位名称",), "text", 22), Column(("设备所在区县",), "text", 9),
              Column(("使用登记证号",), "code", 19), Column(("注册代码",), "code", 23),
              Column(("设备型号",), "code", 14), Column(("产品\n编号",), "code", 8), Column(("蒸吨数",), width=7),
              Column(("注册登记时间",), "text", 10), Column(("是否在县级及以上城市建成区",), "text", 11),
              Column(("是否完成超低排放改造",), "text", 10), Column(("改造工艺",), "text", 20),
              Column(("计划完成超低排放改造时间",), "text", 11), Column(("备注",), "text", 6)],
             table("1 在用 新疆天运化工有限公司 轮台县 锅10新MG0003(16) 11006528002016060003 XG-110/9.8-M YW034 110 "
                   "2016年6月 否 否 增加湿式除尘器，增加一层催化剂 2024年12月 .\n"
                   "2 在用 新疆天运化工有限公司 轮台县 锅10新MG0004(16) 11006528002016060004 XG-110/9.8-M YW035 110 "
                   "2016年6月 否 否 增加湿式除尘器，增加一层催化剂 2024年12月 .", 15), ("注册代码",))

A6_2 = Annex("附件6.2", "轮台县2023年煤改电工程分布情况统计表",
             [Column(("序号",), "serial", 7), Column(("乡镇",), "text", 18), Column(("户数（个）",), width=13),
              Column(("备注",), "text", 26)],
             table("""1 轮台镇 389 .
                      2 群巴克镇 1451 .
                      3 哈尔巴克乡 671 .
                      4 阿克萨来乡 77 .
                      5 塔尔拉克乡 410 .
                      6 阳霞镇 1079 .
                      7 铁热克巴扎乡 716 .
                      8 策大雅乡 349 .
                      9 野云沟乡 341 .
                      10 草湖乡 111 .""", 4), ("乡镇",),
             total=["合计（10个乡、镇）", "", "5594", ""], total_at="top")

A7 = Annex("附件7", "2023-2025年度轮台县用水指标分解表", columns_7(), table("""
1 迪那河灌区 轮台镇 3603 3492 3381 2632 971 0 2517 975 0 2402 979 0 327 3039 237 336 2918 238 345 2797 239
2 迪那河灌区 哈尔巴克乡 6495 6283 6069 5301 1194 0 5084 1199 0 4867 1202 0 200 6224 71 200 6011 71 200 5798 71
3 迪那河灌区 群巴克镇 8430 8215 8001 6309 1541 580 6098 1527 590 5887 1514 600 2933 4843 74 2850 4703 76 2766 4559 76
4 迪那河灌区 阿克萨来乡 1404 1385 1364 927 477 0 887 498 0 844 520 0 0 1367 36 0 1347 36 0 1328 37
5 迪那河灌区 塔尔拉克乡 1999 1933 1867 1681 318 0 1613 320 0 1546 321 0 0 1975 24 0 1909 24 0 1842 25
6 迪那河灌区 草湖乡 1040 1002 966 861 179 0 823 179 0 786 180 0 0 1032 8 0 995 8 0 958 8
7 塔里克灌区 阳霞镇 1447 1423 1399 1202 245 0 1177 246 0 1152 247 0 0 2080 26 0 1396 27 0 1372 27
8 阳霞灌区 阳霞镇 3226 3145 3066 2927 299 0 2845 300 0 2764 302 0 0 2540 32 0 3113 32 0 3033 32
9 阳霞灌区 铁热克巴扎乡 3010 2993 2976 2454 556 0 2435 558 0 2416 560 0 86 2442 30 88 2875 30 90 2857 30
10 库努尔灌区 铁热克巴扎乡 1256 1244 1231 886 370 0 872 372 0 858 373 0 0 1685 20 0 1224 20 0 1212 20
11 策大雅灌区 策大雅乡 2514 2485 2456 1969 545 0 1938 547 0 1907 549 0 0 2488 25 0 2459 25 0 2430 25
12 野云沟灌区 野云沟乡 2319 2293 2267 1411 908 0 1381 912 0 1351 916 0 0 2305 14 0 2278 14 0 2252 15
13 塔河灌区 轮南镇 3000 3000 3000 3000 0 0 3000 0 0 3000 0 0 0 3000 0 0 3000 0 0 3000 0
""", 24), ("灌区名称", "乡镇名称"), total=["合计", "", ""] + (
    "39743 38893 38043 31560 7603 580 30670 7633 590 29780 7663 600 3546 35020 597 3474 34228 601 3401 33438 605").split())

ANNEXES = (A1, A1_1, A2, A2_1, A3, A3_1, A4, A5, A6, A6_1, A6_2, A7)
