"""Texts that have broken programs: controls, invisible and combining characters, quotes, markup, formats, numbers."""

import itertools
import unicodedata

CONTROLS = [chr(i) for i in range(1, 32)] + ["\x7f", *map(chr, range(0x80, 0xA0))]
SPACES = [char for char in map(chr, range(0x1680, 0x3001)) if unicodedata.category(char) in ("Zs", "Zl", "Zp", "Cf")]
ENDS = ["\ufeff", "\ufffe", "\uffff", "\ufdd0", "\U0001fffe", "\U0010ffff", "\ue000", "\ud7ff"]
SCRIPTS = [
    "田中さんにあげて下さい", "사회과학원 어학연구소", "مُنَاقَشَةُ سُبُلِ اِسْتِخْدَامِ", "הָיְתָהtest", "𠜎𠜱𠝹𠱓", "Ω≈ç√∫˜µ≤≥÷",
    "ЁЂЃЄЅІЇЈЉЊЋЌЍЎЏ",
    "ı İ i I ß ẞ ſ ﬃ", "Å Å A\u030a", "e\u0301 é", "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤", "👩🏽‍👩🏽‍👧🏽‍👦🏽", "🇺🇸🇷🇺🇸",
    "⁰⁴⁵₀₁₂", "｀ｨ(´∀｀∩", "¯\\_(ツ)_/¯", "﷽", "\u202etest\u202e", "\u2066test\u2067",
]  # fmt: skip
QUOTES = [
    "'",
    "''",
    '"',
    "`",
    "\\",
    "\\\\",
    "\\'",
    "';--",
    "$$",
    "$1",
    "$tag$",
    "%s",
    "%(a)s",
    "{}",
    "{0}",
    "{{x}}",
    "%",
    "_",
    "%%",
    "\\%",
    "\\_",
    "%_%\\",
]
SQL = [
    "1; drop table lib_book", "1' or '1'='1", "' union select null--", "'; select pg_sleep(5)--",
    "robert'); drop table x;--",
    "E'\\x41'", "U&'\\0041'", "/*", "*/", "--", "|| pg_sleep(5)", "' || (select secret from lib_book limit 1) || '",
]  # fmt: skip
MARKUP = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&lt;b&gt;", "<!--", "]]>", "<?xml version='1.0'?>",
    "</textarea>",
    "javascript:alert(1)", "data:text/html;base64,PHM+", "{{7*7}}", "${jndi:ldap://127.0.0.1/a}", "\"><x>", "<b>bold",
]  # fmt: skip
WORDS = [
    "null", "NULL", "undefined", "None", "nil", "true", "false", "True", "False", "NaN", "Infinity", "-Infinity",
    "nan", "inf",
    "0", "-0", "1", "01", "1.0", "1e5", "1E-7", "0x1F", "1/0", "1_000", "1,000.50", "١٢٣", "1e400", "0.1", "--1",
    "999999999999999999999999",
    "CON", "aux.txt", "../../etc/passwd", "file:///etc/passwd", "~root", "$HOME", "`id`", "$(id)", "; id", "| id",
    "&& id", "\\\\host\\share",
    "id", "select", "from", "user", "constructor", "__proto__", "hasOwnProperty", "toString", "__class__", "self",
    "env", "password",
]  # fmt: skip
EDGES = [
    "",
    " ",
    "  ",
    " x",
    "x ",
    "\t",
    "\n",
    "\r\n",
    "x\ny",
    "x\u2028y",
    "x" * 40,
    "é" * 40,
    "😀" * 40,
    "[",
    "]",
    "{",
    "}",
    "[]",
    "{}",
    "[1",
    '{"a":',
    ",",
]


def texts() -> list[str]:
    """Some 500 texts of at most 40 characters, each once."""
    wrapped = [f"a{char}b" for char in itertools.chain(CONTROLS, SPACES, ENDS)]
    joined = [f"{one}{two}" for one, two in itertools.product(QUOTES[:20], ("x", "%", ";", "'", "é"))]
    found = [*CONTROLS, *SPACES, *ENDS, *wrapped, *SCRIPTS, *QUOTES, *joined, *SQL, *MARKUP, *WORDS, *EDGES]
    return list(dict.fromkeys(text[:40] for text in found))
