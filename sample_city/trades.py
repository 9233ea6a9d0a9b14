"""What companies of Shantou do and how they are called; all names are made up.

Industry codes are recalled from GB/T 4754-2017, not checked against its text: they are sample data, not a reference.
"""

from dataclasses import dataclass

HOUSEHOLD, COMPANY, COOPERATIVE = 2, 1, 3
"""Second character of a unified social credit code that begins with 9 (GB 32100): 个体工商户, 企业, 农民专业合作社."""

KIND_SHARES = {COMPANY: 0.38, HOUSEHOLD: 0.61, COOPERATIVE: 0.01}


@dataclass(frozen=True)
class Trade:
    """One line of business: how often, its industry code, its word in names, what firms and shops of it are called."""

    share: float
    industry: str
    word: str
    shop: str


TRADES = (
    Trade(14, "C2452", "玩具", "玩具厂"),
    Trade(6, "C1819", "服饰", "制衣厂"),
    Trade(5, "C1829", "针织", "针织厂"),
    Trade(5, "C2319", "印务", "印刷店"),
    Trade(4, "C2927", "塑胶制品", "塑料制品厂"),
    Trade(3, "C2682", "化妆品", "化妆品店"),
    Trade(2, "C1392", "食品", "粿品店"),
    Trade(8, "F5132", "贸易", "服装批发部"),
    Trade(6, "F5122", "茶业", "茶行"),
    Trade(10, "F5212", "商贸", "百货店"),
    Trade(9, "H6210", "餐饮管理", "牛肉火锅店"),
    Trade(4, "H6220", "餐饮", "小吃店"),
    Trade(3, "F5251", "医药", "药店"),
    Trade(3, "I6513", "软件", "电脑店"),
    Trade(3, "F5292", "电子商务", "网店"),
    Trade(3, "G5430", "物流", "货运部"),
    Trade(3, "E5013", "装饰工程", "装修服务部"),
    Trade(2, "O8051", "家政服务", "理发店"),
    Trade(2, "L7212", "商务服务", "图文店"),
    Trade(1.5, "A0411", "水产养殖", "水产档"),
    Trade(1.5, "A0141", "农业科技", "蔬菜档"),
)

FIRM_ENDS = ("有限公司", "有限公司", "有限公司", "实业有限公司", "科技有限公司", "发展有限公司")
COOPERATIVE_ENDS = ("种养专业合作社", "农产品专业合作社", "水产专业合作社")
