"""The TeX that a page may typeset: mathematics, and nothing that links, loads, styles or defines."""

from __future__ import annotations

import re

_COMMANDS = """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa varkappa lambda mu nu xi omicron pi
    varpi rho varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon
    Phi Psi Omega aleph beth hbar hslash imath jmath ell wp Re Im partial infty prime emptyset varnothing nabla surd
    top bot angle triangle forall exists nexists neg lnot flat natural sharp clubsuit diamondsuit heartsuit spadesuit
    square Box blacksquare Diamond bigstar checkmark degree complement eth mho
    sum prod coprod int iint iiint oint intop smallint bigcap bigcup bigsqcup bigvee bigwedge bigodot bigotimes
    bigoplus biguplus lim liminf limsup max min sup inf arg argmax argmin det dim exp gcd hom ker lg ln log Pr sec sin
    sinh tan tanh cos cosh cot coth csc arccos arcsin arctan deg injlim projlim varlimsup varliminf mod bmod pmod pod
    operatorname limits nolimits displaylimits
    pm mp times div cdot cdotp ast star circ bullet cap cup uplus sqcap sqcup vee lor wedge land setminus smallsetminus
    wr amalg oplus ominus otimes oslash odot dagger ddagger diamond bigcirc bigtriangleup bigtriangledown
    triangleleft triangleright lhd rhd unlhd unrhd boxplus boxminus boxtimes boxdot ltimes rtimes Cap Cup
    leq le geq ge neq ne equiv sim simeq approx approxeq cong doteq propto asymp ll gg lll ggg prec succ preceq succeq
    subset supset subseteq supseteq subsetneq supsetneq nsubseteq nsupseteq sqsubset sqsupset sqsubseteq sqsupseteq
    in ni notin not owns mid nmid parallel nparallel perp models vdash dashv Vdash vDash bowtie smile frown nleq ngeq
    nless ngtr leqslant geqslant lesssim gtrsim lessgtr gtrless triangleq trianglelefteq trianglerighteq eqsim
    bumpeq coloneqq therefore because ncong nsim
    to gets leftarrow Leftarrow rightarrow Rightarrow leftrightarrow Leftrightarrow uparrow Uparrow downarrow Downarrow
    updownarrow Updownarrow longleftarrow Longleftarrow longrightarrow Longrightarrow longleftrightarrow
    Longleftrightarrow mapsto longmapsto hookleftarrow hookrightarrow leftharpoonup leftharpoondown rightharpoonup
    rightharpoondown rightleftharpoons leftrightharpoons nearrow searrow swarrow nwarrow iff implies impliedby
    xleftarrow xrightarrow leadsto rightsquigarrow twoheadrightarrow nrightarrow nleftarrow circlearrowleft
    circlearrowright leftleftarrows rightrightarrows leftrightarrows rightleftarrows upharpoonright
    dots ldots cdots vdots ddots dotsc dotsb dotsm dotsi dotso colon
    hat widehat check tilde widetilde acute grave dot ddot dddot breve bar vec mathring overline underline overbrace
    underbrace overrightarrow overleftarrow overleftrightarrow underrightarrow underleftarrow overset underset
    stackrel substack sideset buildrel overparen underparen
    frac dfrac tfrac cfrac genfrac binom dbinom tbinom sqrt root of over atop above choose brace brack
    left right middle big Big bigg Bigg bigl Bigl biggl Biggl bigr Bigr biggr Biggr bigm Bigm biggm Biggm
    langle rangle lfloor rfloor lceil rceil lbrace rbrace lbrack rbrack lvert rvert lVert rVert vert Vert backslash
    ulcorner urcorner llcorner lrcorner lgroup rgroup lmoustache rmoustache
    mathrm mathbf mathit mathcal mathscr mathfrak mathbb mathsf mathtt mathnormal boldsymbol pmb bm bf rm it cal sf tt
    bold Bbb frak scr text textrm textbf textit textsf texttt textnormal mbox hbox emph
    displaystyle textstyle scriptstyle scriptscriptstyle tiny small normalsize large Large LARGE huge Huge
    quad qquad enspace thinspace medspace thickspace negthinspace negmedspace negthickspace space hspace hskip kern
    mkern mskip phantom hphantom vphantom smash mathstrut strut raise lower mathop mathbin mathrel mathord mathopen
    mathclose mathpunct mathinner boxed cancel bcancel xcancel color textcolor
    begin end hline hdashline cr newline intertext shortintertext notag nonumber tag label ref eqref allowbreak
    nobreakspace lbrack rbrack S P pounds yen copyright dag ddag
"""
_ENVIRONMENTS = """
    equation align aligned alignat alignedat flalign gather gathered multline split eqnarray array matrix pmatrix
    bmatrix Bmatrix vmatrix Vmatrix smallmatrix subarray cases
"""
_KNOWN, _KNOWN_ENVIRONMENTS = frozenset(_COMMANDS.split()), frozenset(_ENVIRONMENTS.split())
_OPENS = re.compile(r"\$|\\[(\[]|\\begin")
_COMMAND = re.compile(r"(?<!\\)(?:\\\\)*\\(?!\\)(?:(begin|end)\s*(?:\{([^{}]*)\})?|([A-Za-z]+))", re.DOTALL)
"""A command: a run of backslashes of odd length, and its name. `\\\\x` is a new line and an x."""


def only_mathematics(text: str) -> bool:
    """Return whether MathJax, which looks for formulas in all text of a page but code, does no more than typeset."""
    if not _OPENS.search(text):
        return True
    for found in _COMMAND.finditer(text):
        if found[1]:
            if (found[2] or "").strip().removesuffix("*") not in _KNOWN_ENVIRONMENTS:
                return False
        elif found[3] not in _KNOWN:
            return False
    return True
