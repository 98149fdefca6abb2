#!/usr/bin/env python3
"""What small files can cost: each case is an input made of something that programs trip over. It is
checked at a quarter of its size, at half of it and at the whole, by the real binary.

A case fails if it takes over a second of processor time or 256 MB, ends in another way than `check`
ends, tells over 300 kB, or grows faster than n log n: over 2.4 times the time for twice the input.

    python3 bench/slope.py [NAME…] [--digest target/release/digest] [--size 250000] [--table]

A name may end with a star. `--table` prints Markdown. It exits 1 where a case fails.
"""

import argparse
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SECONDS, MEGABYTES, TOLD = 1.0, 256, 300_000
# Two times n log n at these sizes is 2.1; the rest is noise.
SLOPE = 2.4
# Below this nobody can tell a slope from the noise.
QUIET = 0.08

ARTICLE = "issues/2025-11/welcome.md"
HEAD = 'number = 1\ntitle = "x"\nsubject = "Hello there all"\ndate = 2025-11-06\n'
ONE = '[[section]]\narticles = ["welcome"]\n'


def again(text):
    """`text` up to a size."""
    return lambda size: (text * (size // len(text.encode()) + 1)).encode()[:size].decode("utf8", "ignore")


def numbered(form):
    """`form` with # as 0, 1, 2 … up to a size."""

    def made(size):
        pieces, length, number = [], 0, 0
        while length < size:
            pieces.append(form.replace("#", str(number)))
            length += len(pieces[-1].encode())
            number += 1
        return "".join(pieces)

    return made


def joined(before, repeated, after=""):
    """One text, then many, then another."""
    return lambda size: before + repeated(size) + after


def nested(opening, closing):
    """So many that open, and as many that close."""

    def made(size):
        times = size // (len(opening) + len(closing))
        return opening * times + closing * times

    return made


def halves(first, second, between="\n"):
    return lambda size: first(size // 2) + between + second(size // 2)


def markdown(made):
    return lambda size: {ARTICLE: f'+++\ntitle = "Hello"\n+++\n\n{made(size)}\n'}


def toml(made):
    return lambda size: {ARTICLE: f'+++\ntitle = "x"\n{made(size)}\n+++\n\nHello there\n'}


def yaml(made):
    return lambda size: {ARTICLE: f"---\ntitle: x\n{made(size)}\n---\n\nHello there\n"}


def style(made):
    return lambda size: {"style.css": made(size)}


def issue(made, head=HEAD):
    return lambda size: {"issues/2025-11/issue.toml": head + made(size)}


def subscribers(made):
    return lambda size: {"subscribers.csv": made(size)}


def drawing(made):
    opening = '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="60">'

    def whole(body):
        """Without the element that was cut off at its end."""
        return body[: body.rfind(">") + 1]

    return lambda size: {
        ARTICLE: '+++\ntitle = "Hello"\n+++\n\n![A drawing](a.svg)\n',
        "issues/2025-11/a.svg": opening + whole(made(size)) + "</svg>",
    }


def several(count, made):
    """As many articles, each of the size."""
    return lambda size: {
        f"issues/2025-11/a{number}.md": f'+++\ntitle = "Hello {number}"\n+++\n\n{made(size)}\n'
        for number in range(count)
    } | {"issues/2025-11/issue.toml": HEAD}


CASES = {
    # Markdown.
    "brackets": markdown(again('[')),
    "brackets_close": markdown(again(']')),
    "bracket_pairs": markdown(again('[]')),
    "brackets_nested": markdown(lambda size: '[' * (size // 2) + ']' * (size // 2)),
    "images": markdown(again('![')),
    "links_open": markdown(again('[a](b ')),
    "links_lt": markdown(again('[a](<b ')),
    "links_ok": markdown(again('[a](https://a.b/c) ')),
    "links_paren": markdown(lambda size: '[a](' + '(' * size),
    "links_title": markdown(again('[a](https://a.b "')),
    "stars": markdown(again('*a **b ')),
    "stars_run": markdown(again('*')),
    "stars_mixed": markdown(again('**x*_y_')),
    "under": markdown(again('_a __b ')),
    "strike": markdown(again('~~a ~b ')),
    "strike_run": markdown(again('a~~')),
    "backticks": markdown(lambda size: ''.join(('`' * i + ' ' for i in range(1, int((2 * size) ** 0.5))))),
    "backtick1": markdown(again('`a ``')),
    "entities": markdown(again('&')),
    "entities2": markdown(again('&amp;')),
    "entities3": markdown(again('&#x')),
    "entities4": markdown(again('&a')),
    "escapes": markdown(again('\\[')),
    "backslash": markdown(again('\\')),
    "refs": markdown(lambda size: numbered('[a#]: x\n')(size // 2) + '\n' + again('[a1]')(size // 2)),
    "refs_unused": markdown(numbered('[a#]: x\n')),
    "refs_title": markdown(numbered('[a#]: x "\n')),
    "refs_open": markdown(again('[a]: ')),
    "refs_big": markdown(lambda size: '[a]: https://a.b/' + 'x' * (size // 2) + '\n\n' + again('[a] ')(size // 2)),
    "footnotes": markdown(lambda size: again('[^a]')(size - 100) + '\n\n[^a]: x'),
    "footnotes_self": markdown(lambda size: again('[^a]')(size // 2) + '\n\n[^a]: ' + again('[^a] ')(size // 2)),
    "footnotes_many": markdown(lambda size: numbered('[^#] ')(size // 2) + '\n\n' + numbered('[^#]: x\n')(size // 2)),
    "footnotes_unused": markdown(numbered('[^#]: x\n')),
    "footnotes_undefined": markdown(numbered('[^#] ')),
    "quotes": markdown(again('>')),
    "quotes_lines": markdown(again('> > > > > x\n')),
    "quote_lazy": markdown(lambda size: '>' * (size // 2) + 'x\n' + 'y\n' * (size // 4)),
    "quote_alt": markdown(again('> a\n\nb\n\n')),
    "lists_nest": markdown(lambda size: '\n'.join((' ' * (2 * i) + '- x' for i in range(int(size ** 0.5))))),
    "lists_line": markdown(again('- ')),
    "lists_line2": markdown(again('1. ')),
    "lists_flat": markdown(again('- x\n')),
    "lists_loose": markdown(again('- x\n\n')),
    "lists_num": markdown(numbered('#. x\n')),
    "lists_task": markdown(again('- [ ] x\n')),
    "lists_blank": markdown(again('-\n')),
    "list_deep_lines": markdown(lambda size: '- ' * 200 + 'x\n' + (' ' * 400 + 'y\n') * (size // 402)),
    "table_wide": markdown(lambda size: '|' + 'a|' * (size // 8) + '\n|' + '-|' * (size // 8) + '\n' + '|a\n' * (size // 6)),
    "table_wide_only": markdown(lambda size: '|' + 'a|' * (size // 4) + '\n|' + '-|' * (size // 4) + '\n'),
    "table_tall": markdown(lambda size: '|a|b|\n|-|-|\n' + '|a|b|\n' * (size // 6)),
    "table_pipes": markdown(again('|')),
    "table_many": markdown(again('|a|\n|-|\n|b|\n\n')),
    "table_seps": markdown(again('|-')),
    "table_dash": markdown(lambda size: 'a\n' + again('-:|')(size)),
    "html_b": markdown(again('<b>')),
    "html_b_nest": markdown(lambda size: '<b>' * (size // 7) + '</b>' * (size // 7)),
    "html_b_pairs": markdown(again('<b>x</b>')),
    "html_div": markdown(again('<div>')),
    "html_div_nest": markdown(lambda size: '<div>' * (size // 11) + '</div>' * (size // 11)),
    "html_close": markdown(again('</b>')),
    "html_comment": markdown(again('<!--')),
    "html_comment_in": markdown(again('a <!-- ')),
    "html_pi": markdown(again('a <? ')),
    "html_cdata": markdown(again('a <![CDATA[ ')),
    "html_decl": markdown(again('a <!A ')),
    "html_lt": markdown(again('<')),
    "html_lt2": markdown(again('<a ')),
    "html_attr_open": markdown(again('a <b c="')),
    "html_attrs": markdown(lambda size: 'x <a ' + numbered('a#="x" ')(size) + '>x</a>'),
    "html_attrs_b": markdown(lambda size: '<div ' + numbered('a#="x" ')(size) + '>x</div>'),
    "html_style": markdown(lambda size: '<p style="' + again('color:red;')(size) + '">x</p>'),
    "html_tables": markdown(again('<table>')),
    "html_tables_td": markdown(again('<table><tr><td>')),
    "html_b_p": markdown(lambda size: '<div>\n' + again('<b><p>')(size)),
    "html_aaa": markdown(lambda size: '<div>\n' + again('<a><div>')(size)),
    "html_font": markdown(lambda size: '<div>\n' + numbered('<b title=#>')(size // 2) + again('<p>x')(size // 2)),
    "html_unknown": markdown(numbered('<x#>')),
    "html_unknown_b": markdown(lambda size: '<div>\n' + numbered('<x#>')(size)),
    "html_on": markdown(lambda size: '<div>\n' + numbered('ona#= ')(size)),
    "html_li": markdown(lambda size: '<ul>\n' + again('<li>')(size)),
    "html_svg": markdown(lambda size: '<div>\n' + again('<svg>')(size)),
    "html_lang": markdown(again('<span lang=ko>')),
    "html_blocks": markdown(again('<p>x</p>\n\n')),
    "html_alt": markdown(again('<i>a<b>')),
    "autolink": markdown(again('https://a.b/ ')),
    "autolink_paren": markdown(lambda size: 'https://example.org/' + ')' * size),
    "autolink_paren2": markdown(lambda size: 'https://example.org/' + '(' * (size // 2) + ')' * (size // 2)),
    "autolink_paren_ko": markdown(lambda size: 'https://example.org/' + ')' * size + '을'),
    "autolink_amp": markdown(lambda size: 'https://example.org/' + again('&a;')(size)),
    "autolink_w": markdown(again('www.')),
    "autolink_at": markdown(again('a@')),
    "autolink_colon": markdown(again('http://')),
    "autolink_dot": markdown(lambda size: 'https://a.b/' + '.' * size),
    "autolink_us": markdown(again('www._')),
    "autolink_mail": markdown(again('a@b.cd ')),
    "autolink_words": markdown(again('a.b-')),
    "autolink_w2": markdown(again('w')),
    "autolink_h2": markdown(again('h:')),
    "smart": markdown(again('"a')),
    "smart2": markdown(again("'")),
    "smart3": markdown(again('-')),
    "smart4": markdown(again('a--')),
    "smart5": markdown(again('.')),
    "smart6": markdown(again('"')),
    "headings": markdown(again('# a\n')),
    "headings_deep": markdown(again('# a\n## a\n### a\n')),
    "heading_hash": markdown(again('#')),
    "setext": markdown(again('a\n=\n')),
    "setext_long": markdown(lambda size: again('a\n')(size) + '==='),
    "hr": markdown(again('---\n\n')),
    "fence": markdown(again('```\n')),
    "fence_open": markdown(lambda size: '```\n' + again('a\n')(size)),
    "tilde": markdown(again('~~~ a\n')),
    "indent": markdown(again('    a\n')),
    "spaces": markdown(again(' ')),
    "tabs": markdown(again('\t')),
    "lines": markdown(again('\n')),
    "para_lines": markdown(again('a\n')),
    "hardbreaks": markdown(again('a  \n')),
    "div_only": markdown(again('::: only x\n')),
    "div_nest": markdown(lambda size: ''.join((':' * (3 + i) + ' note\n' for i in range(int((2 * size) ** 0.5))))),
    "div_nest2": markdown(again(':::: note\n')),
    "div_ok": markdown(again('::: note\nx\n:::\n\n')),
    "div_bad": markdown(numbered('::: bad#\nx\n:::\n')),
    "colons": markdown(again(':')),
    "div_attr": markdown(lambda size: '::: {' + again('.a ')(size) + '}\nx\n:::'),
    "div_close": markdown(again(':::\n\n')),
    "div_onlys": markdown(numbered('::: only tag:t#\nx\n:::\n\n')),
    "slots_in_link": markdown(lambda size: '[x](https://example.org/' + again('{{ first_name | a }}')(size) + ')'),
    "slots_in_links": markdown(again('[x](https://example.org/{{a}}) ')),
    "slots_text": markdown(again('{{ first_name | a }}')),
    "slots_diff": markdown(numbered('{{ a# }}')),
    "slots_diff2": markdown(numbered('{{ a | # }} ')),
    "slots_open": markdown(again('{{')),
    "slots_open_line": markdown(again('{{ a')),
    "slots_close": markdown(again('{{}}')),
    "slots_title": markdown(lambda size: '![x](a.png "' + again('{{a}}')(size) + '")'),
    "slots_attr": markdown(lambda size: '<p title="' + again('{{a}}')(size) + '">x</p>'),
    "slots_attr_in": markdown(lambda size: 'x <span title="' + again('{{a}}')(size) + '">x</span>'),
    "slots_bad": markdown(numbered('{{ A# }}')),
    "slots_code": markdown(again('`{{ a }}` ')),
    "slots_escaped": markdown(again('\\{{')),
    "slots_bare": markdown(lambda size: 'https://example.org/' + again('{{a}}')(size)),
    "slots_long": markdown(lambda size: '{{ a | ' + 'x' * size + ' }}'),
    "slot_entities": markdown(again('&#xE002;')),
    "slot_chars": markdown(again('\ue002')),
    "longword": markdown(again('가')),
    "longword_ja": markdown(again('日')),
    "longword_a": markdown(again('a')),
    "words": markdown(again('ab ')),
    "words_ko": markdown(again('한글 ')),
    "mixed_scripts": markdown(again('한a ')),
    "mixed2": markdown(again('a한')),
    "never_first": markdown(again('、')),
    "rtl": markdown(again('שלום ')),
    "combining": markdown(again('á')),
    "zwj": markdown(again('👩\u200d')),
    "caps": markdown(again('ABCD ')),
    "todo": markdown(again('TODO ')),
    "mergetags": markdown(again('*|a ')),
    "mergetags2": markdown(again('[[ ')),
    "percent": markdown(again('%%a ')),
    "leftover_b": markdown(again('[a ] (http ')),
    "leftover_stars": markdown(again('a** b')),
    "paras": markdown(again('TODO\n\n')),
    "paras_ko": markdown(again('한글\n\n')),
    "emph_uni": markdown(again('안녕**하세요** ')),
    "alerts": markdown(again('> [!NOTE]\n> x\n\n')),
    "same_links": markdown(numbered('[a](https://a.b/#) ')),
    "same_links2": markdown(numbered('[a](https://bit.ly/#?fbclid=1) ')),
    "bad_links": markdown(numbered('[a](x#) ')),
    "buttons": markdown(again('[a](https://a.b/){.button} ')),
    "attrs_link": markdown(lambda size: '[a](https://a.b/){' + again('.a ')(size) + '}'),
    "attrs_open": markdown(again('[a](https://a.b/){')),
    "imgs_missing": markdown(numbered('![a](x#.png) ')),
    "imgs_same": markdown(again('![a](x.png)\n\n')),
    "anchors": markdown(numbered('[a](#a#) ')),
    "mailtos": markdown(numbered('[a](mailto:a#@b.cd) ')),
    "numeric": markdown(numbered('[a](http://1.2.3.4:#/) ')),
    "disguised": markdown(numbered('[https://a.b/](https://c.d/#) ')),
    "pasted": markdown(again('<o:p></o:p> ')),
    "pasted_open": markdown(again('<o:p>')),
    "pasted_class": markdown(again('<p class="MsoNormal">x</p>\n\n')),
    "mended": markdown(numbered('[a](https:/a.b/#) ')),
    "mended_people": markdown(numbered('[a](k#@a.bc) ')),
    "mended_scheme": markdown(numbered('[a](htps://a.b/#) ')),
    "names": markdown(numbered('<a id="n#"></a>x ')),
    "names_used": markdown(numbered('<a id="n#"></a>[x](#n#) ')),
    "names_same": markdown(again('<a id="n"></a>x ')),
    "heading_ids": markdown(numbered('## H# {#h#}\n\n')),
    "headings_same": markdown(again('## H\n\n[x](#h)\n\n')),
    "references": markdown(numbered('[a#][b#] ')),
    "references_empty": markdown(numbered('[a#][] ')),
    "reference_open": markdown(again('[a][')),
    "definitions_glued": markdown(numbered('[a#]: https://a.b\n')),
    "definitions_below": markdown(lambda size: 'x\n' + numbered('[a#]: https://a.b\n')(size)),
    "images_raw": markdown(numbered('<img src="a#.png" alt="x"> ')),
    "images_raw_linked": markdown(numbered('<a href="https://a.b/#"><img src="a.png" alt="x"></a> ')),
    "lines_ja": markdown(again('日本\n')),
    "comments": markdown(again('<!-- a -->x\n')),
    "comments_open": markdown(again('<!-- a ')),
    "powers": markdown(again('2<sup>1</sup> ')),
    "mdx": markdown(again('import X from "x";\n')),
    "commands": markdown(again('{{< a b >}} ')),
    "commands_liquid": markdown(again('{% a b %} ')),
    "commands_open": markdown(again('{% a ')),
    "stars_spaced": markdown(again('** x ** ')),
    "indented": markdown(again('    some words here\n\n')),
    "underlined": markdown(again('Some words here.\n---\n\n')),
    "quoted_by": markdown(again('> x\n> – Hamlet\n\n')),
    "posts": markdown(again('<blockquote class="twitter-tweet"><a href="https://t.co/a">x</a></blockquote>\n\n')),
    "following": markdown(lambda size: '[x](https://a.b/?' + again('utm_a=1&')(size) + ')'),
    "shouting": markdown(again('SHOUT ABOUT ALL THESE WORDS AGAIN, ')),
    "equals_a": markdown(again('=a')),
    "links_cut": markdown(again('[a](')),
    "image_cut": markdown(again('![a](b ')),
    "image_in_link": markdown(again('[![](')),
    # Front matter in TOML.
    "t_unknown": toml(numbered('k#=1\n')),
    "t_nest": toml(lambda size: 'a=' + '[' * size),
    "t_nest2": toml(lambda size: 'a=' + '[' * (size // 2) + ']' * (size // 2)),
    "t_inline": toml(lambda size: 'a=' + again('{a=')(size)),
    "t_dots": toml(lambda size: again('a.')(size) + 'a=1'),
    "t_dots_many": toml(numbered('a.b.c.d.e.f.g.k#=1\n')),
    "t_tables": toml(numbered('[a#]\n')),
    "t_tables_nest": toml(numbered('[a.a#.b]\n')),
    "t_tables_deep": toml(lambda size: ''.join(('[' + '.'.join(['a'] * i) + ']\n' for i in range(1, int(size ** 0.5))))),
    "t_arrays": toml(again('[[a]]\n')),
    "t_dup": toml(again('a=1\n')),
    "t_bad": toml(again('a\n')),
    "t_bad2": toml(again('=')),
    "t_quotes": toml(again('"')),
    "t_str": toml(lambda size: 'a="""' + 'x' * size + '"""'),
    "t_stropen": toml(lambda size: 'a="""' + again('x"')(size)),
    "t_esc": toml(lambda size: 'a="' + again('\\u0041')(size) + '"'),
    "t_comments": toml(again('# x\n')),
    "t_badesc": toml(lambda size: 'a="' + again('\\q')(size) + '"'),
    "t_longkey": toml(lambda size: 'a' * size + '=1'),
    "t_marks": toml(numbered('k#="\\uE002"\n')),
    "t_tags": toml(lambda size: 'tags=[' + numbered('"#",')(size) + ']'),
    "t_badtags": toml(lambda size: 'tags=[' + numbered('#,')(size) + ']'),
    "t_note": toml(lambda size: 'note="' + again('*a ')(size) + '"'),
    "t_url": toml(lambda size: 'url="https://a.b/' + 'x' * size + '"'),
    "t_summary": toml(lambda size: 'summary="' + again('ab ')(size) + '"'),
    "t_long_int": toml(lambda size: 'a=' + '1' * size),
    "t_underscore": toml(lambda size: 'a=' + again('1_')(size) + '1'),
    # Front matter in YAML.
    "y_unknown": yaml(numbered('k#: 1\n')),
    "y_nest": yaml(lambda size: 'a: ' + '[' * size),
    "y_nest2": yaml(lambda size: '\n'.join((' ' * i + 'a:' for i in range(int((2 * size) ** 0.5))))),
    "y_nestlist": yaml(lambda size: again('- ')(size)),
    "y_map": yaml(lambda size: 'a: ' + again('{a: ')(size)),
    "y_q": yaml(again('? ')),
    "y_anchors": yaml(numbered('k#: &a# x\n')),
    "y_alias": yaml(lambda size: 'a: &a x\n' + numbered('k#: *a\n')(size)),
    "y_str": yaml(lambda size: 'a: |\n' + again('  x\n')(size)),
    "y_fold": yaml(lambda size: 'a: >\n' + again('  x\n')(size)),
    "y_quote": yaml(lambda size: 'a: "' + again('x\n  ')(size) + '"'),
    "y_plain": yaml(lambda size: 'a: ' + again('x\n  ')(size)),
    "y_comments": yaml(again('# x\n')),
    "y_dup": yaml(again('a: 1\n')),
    "y_tags": yaml(lambda size: 'tags: [' + numbered('"#",')(size) + ']'),
    "y_colon": yaml(again(': ')),
    "y_dashes": yaml(again('-\n')),
    "y_merge": yaml(lambda size: 'a: &a {b: c}\n' + again('<<: *a\n')(size)),
    "y_docs": yaml(again('... \n')),
    "y_marks": yaml(numbered('k#: "\\uE002"\n')),
    "y_long": yaml(lambda size: 'a' * size + ': 1'),
    "y_bang": yaml(again('!a ')),
    "y_tabs": yaml(lambda size: 'a: ' + '\t' * size + 'x'),
    # An issue's own file.
    "i_sections": issue(again('[[section]]\n')),
    "i_sections_h": issue(numbered('[[section]]\nheading="a#"\n')),
    "i_names": issue(lambda size: '[[section]]\narticles=[' + again('"welcome",')(size) + ']'),
    "i_missing": issue(lambda size: '[[section]]\narticles=[' + numbered('"a#",')(size) + ']'),
    "i_allow": issue(lambda size: 'allow=[' + numbered('{rule="a#",reason="x"},')(size) + ']\n[[section]]\narticles=["welcome"]'),
    "i_allow2": issue(lambda size: 'allow=[' + again('{rule="link-vague",reason="x"},')(size) + ']\n[[section]]\narticles=["welcome"]'),
    "i_intro": issue(lambda size: "intro='''" + again('*a **b ')(size) + '\'\'\'\n[[section]]\narticles=["welcome"]'),
    "i_subject": issue(joined('subject = "', again("{{a}} x"), '"\n' + ONE), HEAD.replace('subject = "Hello there all"\n', "")),
    "i_title": issue(joined('title = "', again("ab "), '"\n' + ONE), HEAD.replace('title = "x"\n', "")),
    "i_tags": issue(joined("allow = [", numbered('"a#",'), "]\n" + ONE)),
    "i_preheader": issue(lambda size: 'preheader="' + again('{{a}} x')(size) + '"\n[[section]]\narticles=["welcome"]\n'),
    "i_unknown": issue(numbered('k#=1\n')),
    "i_allow_bad": issue(lambda size: 'allow=[' + again('1,')(size) + ']\n'),
    "i_heading": issue(lambda size: '[[section]]\nheading="' + again('ab ')(size) + '"\narticles=["welcome"]\n'),
    # Style sheets.
    "c_nest": style(again('@media x{')),
    "c_nest2": style(lambda size: again('@media x{')(size // 2 // 9 * 9) + '}' * (size // 18)),
    "c_sel": style(lambda size: again('p:not(a),')(size) + 'p{color:red}'),
    "c_sel2": style(lambda size: numbered('.a#,')(size) + 'p{color:red}'),
    "c_sel3": style(lambda size: again('p,')(size) + 'p{color:red}'),
    "c_desc": style(lambda size: again('p ')(size) + '{color:red}'),
    "c_not": style(lambda size: 'p' + again(':not(')(size) + '{color:red}'),
    "c_not2": style(lambda size: 'p' + again('[a]')(size) + '{color:red}'),
    "c_slips": style(numbered('.m{colour#:red}')),
    "c_slips_many": style(lambda size: '.m{' + again('colour:red;')(size) + '}'),
    "c_no_colon": style(lambda size: '.m{' + again('color #222;')(size) + '}'),
    "c_unknown": style(numbered('.box#{color:red}')),
    "c_dark": style(lambda size: '@media (prefers-color-scheme:dark){' + again('.m{color:#ccc}')(size) + '}'),
    "c_tables": style(again('td{background:#eee}')),
    "c_tables_list": style(lambda size: again('td,')(size) + 'th{background:#eee}'),
    "c_backgrounds": style(again('.m{background:#fff;color:#000}')),
    "c_comment": style(again('/*')),
    "c_comments": style(again('/**/')),
    "c_braces": style(again('{')),
    "c_braces2": style(again('}')),
    "c_pairs": style(again('{}')),
    "c_custom": style(lambda size: 'p{' + numbered('--a#:1;')(size) + '}'),
    "c_esc": style(lambda size: 'p{color:' + again('\\72')(size) + '}'),
    "c_rules": style(again('p{color:red}')),
    "c_rules2": style(numbered('.a#{color:red}')),
    "c_decls": style(lambda size: 'p{' + again('color:red;')(size) + '}'),
    "c_decls2": style(lambda size: 'p{' + numbered('a#:red;')(size) + '}'),
    "c_hover": style(again('p:hover{color:red}')),
    "c_media": style(again('@media x{p{color:red}}')),
    "c_import": style(again('@import "a";')),
    "c_url": style(again('p{background:url(a)}')),
    "c_quote": style(again('"')),
    "c_semis": style(again(';')),
    "c_parens": style(lambda size: 'p{color:' + '(' * size),
    "c_has": style(again('div p>p~p+p{color:red}')),
    "c_nth": style(again('p:nth-child(2n+1){color:red}')),
    "c_important": style(again('p{color:red!important}')),
    "c_at": style(again('@x y;')),
    "c_val": style(lambda size: 'p{color:' + again('red ')(size) + '}'),
    "c_star": style(again('*{color:red}')),
    "c_brk": style(lambda size: 'p' + '[' * size + '{color:red}'),
    # Grounds that shine through each other, and one long value in many places.
    "c_thin": style(numbered('p:nth-child(#n){background:rgb(#,9,9,.5)}')),
    "c_named": style(joined('@media(x){:root{--p:calc(1px' + '+0px' * 900 + ')}}', numbered('.art p:nth-child(#){margin:var(--p)}'))),
    # A style sheet and a letter: what one alone may cost, times the other.
    "c_product_items": lambda size: markdown(again("- x\n"))(size // 8) | style(joined("li{", numbered("a#:red;"), "}"))(size // 20),
    "c_product_same": lambda size: markdown(again("- x\n"))(size // 8) | style(joined("li{", again("color:red;"), "}"))(size // 20),
    "c_product_selectors": lambda size: markdown(again("- x\n"))(size // 8) | style(numbered("li.a#{color:red}"))(size // 10),
    "c_product_below": lambda size: markdown(again("a\n\n"))(size // 8) | style(numbered("body div table p.a#{color:red}"))(size // 8),
    "c_product_rules": lambda size: markdown(again("- x\n"))(size // 8) | style(numbered("li{a#:red}"))(size // 10),
    "c_product_kept": lambda size: markdown(again("- x\n"))(size // 8) | style(numbered("li:hover{a#:red}"))(size // 10),
    "c_product_media": lambda size: markdown(again("- x\n"))(size // 8) | style(joined("@media x{", numbered("li{a#:red}"), "}"))(size // 10),
    # Many articles.
    "articles_many": lambda size: several(400, again("ab "))(size // 400),
    "articles_large": lambda size: several(8, again("A line of *words* and [a link](https://a.example/). "))(size // 8),
    "articles_paragraphs": lambda size: several(8, again("a\n\n"))(size // 8),
    # Lists.
    "l_rows": subscribers(joined("email,first_name\n", numbered("a#@b.example,Hana\n"))),
    "l_same": subscribers(joined("email\n", again("a@b.example\n"))),
    "l_bad": subscribers(joined("email\n", numbered("a#b.example\n"))),
    "l_near": subscribers(joined("email\n", numbered("a#@gmial.com\n"))),
    "l_columns": subscribers(joined("email,", numbered("c#,"), "\na@b.example\n")),
    "l_columns_rows": subscribers(lambda size: "email" + "".join(f",c{n}" for n in range(200)) + "\n" + again("a@b.example" + "," * 200 + "\n")(size)),
    "l_quotes": subscribers(joined("email\n", again('"'))),
    "l_quoted": subscribers(joined("email,a\n", again('a@b.example,""\n'))),
    "l_open": subscribers(joined('email,a\na@b.example,"', again("a\n"))),
    "l_cell": subscribers(joined("email,a\na@b.example,", again("a"))),
    "l_header": subscribers(again("a")),
    "l_header_quoted": subscribers(joined('"', again("a,"))),
    "l_tags": subscribers(joined("email,tags\na@b.example,\"", numbered("t#,"), '"\n')),
    "l_delimiters": subscribers(again(",;\t|")),
    "l_json": subscribers(joined("email,attributes\na@b.example,\"", again('{""a"":'), '"\n')),
    "l_cr": subscribers(joined("email\r", again("a@b.example\r"))),
    "l_nul": subscribers(joined("email\n", again("\0"))),
    # Drawings.
    "s_groups": drawing(nested("<g>", "</g>")),
    "s_open": drawing(again("<g>")),
    "s_rects": drawing(again('<rect width="9" height="9"/>')),
    "s_path": drawing(joined('<path d="M0 0', again("L9 9 0 0"), '"/>')),
    "s_arcs": drawing(joined('<path d="M0 0', again("a9 9 0 0 1 1 1"), '"/>')),
    "s_ids": drawing(numbered('<g id="a#"/>')),
    "s_uses": drawing(lambda size: '<g id="a"><rect width="1" height="1"/></g>' + again('<use href="#a"/>')(size)),
    "s_chain": drawing(lambda size: '<g id="a0"/>' + "".join(f'<g id="a{n}"><use href="#a{n - 1}"/></g>' for n in range(1, size // 40))),
    "s_doubling": drawing(lambda size: '<g id="a0"><rect width="1" height="1"/></g>' + "".join(f'<g id="a{n}"><use href="#a{n - 1}"/><use href="#a{n - 1}"/></g>' for n in range(1, size // 60))),
    "s_attributes": drawing(joined("<rect ", numbered('a#="1" '), "/>")),
    "s_styles": drawing(joined("<style>", numbered(".a#{fill:red}"), "</style>" + '<rect class="a1"/>')),
    "s_style_attribute": drawing(joined('<rect width="9" height="9" style="', again("fill:red;"), '"/>')),
    "s_stops": drawing(joined('<linearGradient id="a">', again('<stop offset="0"/>'), '</linearGradient><rect width="9" height="9" fill="url(#a)"/>')),
    "s_entities": drawing(again("&amp;")),
    "s_comments": drawing(again("<!--a-->")),
    "s_dashes": drawing(joined('<path stroke="#000" stroke-dasharray="', again("1 "), '" d="M0 0L9 9"/>')),
    "s_transforms": drawing(joined('<rect width="9" height="9" transform="', again("scale(1)"), '"/>')),
    "s_clips": drawing(lambda size: "".join(f'<clipPath id="a{n}" clip-path="url(#a{n + 1})"><rect width="9" height="9"/></clipPath>' for n in range(size // 90)) + '<rect width="9" height="9" clip-path="url(#a0)"/>'),
}


def checked(digest, folder, files):
    """Exit code, seconds of processor time, megabytes, and bytes told."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf8", newline="")
    with tempfile.TemporaryFile() as told:
        pid = os.fork()
        if pid == 0:
            os.chdir(folder)
            resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
            resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(told.fileno(), 1)
            os.dup2(told.fileno(), 2)
            os.execv(digest, [digest, "check"])
        _, status, usage = os.wait4(pid, 0)
        length = os.fstat(told.fileno()).st_size
    seconds = usage.ru_utime + usage.ru_stime
    return os.waitstatus_to_exitcode(status), seconds, usage.ru_maxrss // 1024, length


def measured(digest, base, made, sizes):
    """The case at each size, each in a folder of its own."""
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch) / "publication"
            shutil.copytree(base, folder)
            rows.append(checked(digest, folder, made(size)))
        if rows[-1][0] < 0:
            break
    return rows


def slope(rows, idle):
    """How many times the time for twice the input, from the last two that can be told apart."""
    times = [max(seconds - idle, 0.0) for _, seconds, _, _ in rows]
    if len(times) < 3 or times[-1] < QUIET:
        return None
    # Over both doublings, so that one disturbance counts half.
    return (times[-1] / max(times[0], 0.01)) ** 0.5


def faults(rows, steep):
    code, seconds, megabytes, told = rows[-1]
    found = []
    if code not in (0, 3):
        found.append(f"ended with {code}")
    if seconds > SECONDS:
        found.append(f"over {SECONDS:.0f} s")
    if megabytes > MEGABYTES:
        found.append(f"over {MEGABYTES} MB")
    if told > TOLD:
        found.append(f"tells {told} bytes")
    if steep is not None and steep > SLOPE:
        found.append("too steep")
    return found


def publication(digest, folder):
    subprocess.run([digest, "init", folder], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for old in (folder / "issues").iterdir():
        shutil.rmtree(old)
    issue = folder / "issues/2025-11"
    issue.mkdir()
    (issue / "issue.toml").write_text(HEAD)
    (issue / "welcome.md").write_text('+++\ntitle = "Hello"\n+++\n\nHello there\n')
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--digest", default=str(ROOT / "target/release/digest"))
    parser.add_argument("--size", type=int, default=250_000)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    digest = str(pathlib.Path(options.digest).resolve())

    def is_meant(name):
        return not options.names or any(
            name.startswith(one[:-1]) if one.endswith("*") else name == one for one in options.names
        )

    sizes = [options.size // 4, options.size // 2, options.size]
    failed = 0
    if options.table:
        print("| Input | n / 4 | n / 2 | n | for twice | MB | exit | |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    with tempfile.TemporaryDirectory() as scratch:
        base = publication(digest, pathlib.Path(scratch) / "base")
        idle = min(measured(digest, base, lambda _: {}, [0])[0][1] for _ in range(3))
        for name, made in CASES.items():
            if not is_meant(name):
                continue
            # Two things grow there; what they may cost together is capped.
            two = "_product_" in name
            # What fails may have been disturbed: the best of three counts.
            for _ in range(3):
                rows = measured(digest, base, made, sizes)
                steep = None if two else slope(rows, idle)
                found = faults(rows, steep)
                if not found:
                    break
            failed += bool(found)
            times = [f"{seconds:.2f} s" for _, seconds, _, _ in rows]
            times += [""] * (3 - len(times))
            twice = "" if steep is None else f"{steep:.1f}"
            cells = [name, *times, twice, str(rows[-1][2]), str(rows[-1][0]), ", ".join(found)]
            if options.table:
                print("| " + " | ".join(cells) + " |", flush=True)
            else:
                print("{:20} {:>8} {:>8} {:>8} {:>5} {:>5} MB  {:>3}  {}".format(*cells), flush=True)
    print(f"{failed} fail" if failed else "none fails", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
