# ruff: noqa: SIM905 - one row a line; hundreds of quoted words would read worse
"""Words whose last syllable is unstressed though the dictionary gives it a tone: the neutral tone. Pure.

From the words that the Putonghua proficiency test wants with a neutral tone; words that are mostly said with a full
one are left out.
"""

WORDS = frozenset(
    (
        "丈夫 上头 下巴 世故 东西 丫头 主意 事情 云彩 交情 亮堂 亲戚 休息 伙计 伯伯 伺候 作坊 使得 "
        "便宜 俗气 值得 傻气 兆头 先生 免得 公公 养活 冤枉 凉快 凑合 利害 利索 利落 别扭 刺猬 前头 "
        "力气 功夫 动弹 动静 勤快 匀称 包涵 包袱 厉害 去处 叔叔 口袋 叨唠 吆喝 合同 名堂 名字 后头 "
        "吓唬 吩咐 含糊 告诉 和尚 和气 咳嗽 哆嗦 响动 哥哥 唠叨 唾沫 商量 啰嗦 喜欢 喷嚏 嗓子 嘀咕 "
        "嘱咐 嘴巴 困难 土气 在乎 地方 坏处 埋怨 壮实 外头 大夫 大方 太太 头发 女婿 奴才 奶奶 奸细 "
        "妈妈 妥当 妹妹 姐姐 姑姑 姑娘 委屈 姥姥 姨姨 娃娃 娇气 婆婆 婶婶 媳妇 嫂嫂 学生 学问 官司 "
        "宝宝 客气 害处 家伙 宽敞 对付 将就 小姐 小气 尾巴 屁股 岁数 工夫 巴掌 师傅 帐篷 帮手 干净 "
        "庄稼 应酬 底下 弟弟 张罗 徒弟 心思 快活 念叨 念头 意思 懂得 懒得 戒指 扁担 打发 打听 打扮 "
        "打算 打量 折磨 折腾 招呼 招数 招牌 拳头 拾掇 指头 指甲 挑剔 挑子 提防 收成 收拾 故事 数落 "
        "新鲜 日头 时候 明白 星星 显得 晃悠 晓得 暖和 月亮 朋友 木匠 木头 本事 机灵 枕头 架势 柴火 "
        "栅栏 核桃 棒槌 棺材 模糊 比方 洋气 活泛 消息 清楚 溜达 漂亮 火候 灯笼 炉子 点心 烂糊 烟筒 "
        "烧饼 热闹 爷爷 爸爸 爽快 牌楼 牡丹 牢靠 牲口 特务 状元 狐狸 猩猩 玫瑰 琢磨 甘蔗 甜头 生意 "
        "用处 畜生 疙瘩 疟疾 痛快 痢疾 皇上 益处 盘缠 相声 省得 眉毛 眼睛 知识 短处 石匠 石头 石榴 "
        "码头 砖头 硬朗 祖宗 福气 秀气 秧歌 称呼 稳当 窗户 窝囊 笑话 答应 算盘 篱笆 粮食 糊涂 糟踏 "
        "糟蹋 累赘 结实 罐头 老实 耗子 耳朵 聪明 肩膀 胡同 胡琴 胭脂 胳膊 脊梁 脑袋 脾气 腻烦 膏药 "
        "自在 舅舅 舌头 舒服 芝麻 苍蝇 苗头 苦处 萝卜 葡萄 薪水 蘑菇 蚂蚱 蛤蟆 行头 行李 衙门 衣服 "
        "裁缝 见识 规矩 觉得 认得 认识 记得 豆腐 跳蚤 踏实 转悠 运气 迷糊 造化 道士 邋遢 里头 钥匙 "
        "钳子 铁匠 锄头 长处 门道 闲话 阔气 队伍 难为 难处 额头 风筝 饽饽 馒头 首饰 马虎 骆驼 骨头 "
        "高粱 麻利 麻烦 爱人 簸箕 耷拉 大爷 耽误 耽搁 弟兄 嘟囔 咕哝 嘟哝 闺女 嫁妆 街坊 窟窿 喇叭 "
        "喇嘛 老婆 欺负 扫帚 思量 谢谢 秀才 哑巴 衣裳 玻璃 姑父 外甥 葫芦 琵琶 枇杷 馄饨 薄荷 荸荠 扑腾 "
        "倒腾 闹腾 寻思 掂量 扒拉 拨拉 划拉 趿拉 稀罕 忙活 姐夫 "
    ).split()
)


# Twice the same, but no verb that is tried: both are stressed.
_STEADY = frozenset("整整 足足 通通 处处 死死 活活 窃窃 摇摇 跃跃 满满 弯弯 断断 略略 循循 振振 落落 呵呵".split())


def places(word: str, tag: str) -> list[int]:
    """Which characters of a word are unstressed. tag: its part of speech."""
    found = [at + 1 for at in range(len(word) - 1) if word[at : at + 2] in WORDS]
    if len(word) == 2 and word[0] == word[1] and tag.startswith("v") and word not in _STEADY:
        found.append(1)  # 看看, 试试
    return found
