# One expression after another, with `---` between. Nix must answer each as `syntax.out` says.
---
1 + 2 * 3 - 4 / 2
---
1.5e3 + .5 + 2.
---
"a\n\t\r\"\\\${x}$$ $${y} \q"
---
"a${"b${"c"}"}d"
---
''
  one
    two
  three''
---
''
    indented ${"x"}
  less
''
---
''  a ''$ ''' ''\n ''\t b''
---
''

  x

    y
  ''
---
''${"a"}
  b''
---
''a${''b''}c''
---
"$"
---
"$a $ {}"
---
''$''
---
''$$''
---
''$${x}''
---
"a
b"
---
[ 1 "a" [ ] { } (1 + 1) (-1) ] == [ 1 "a" [ ] { } 2 (-1) ]
---
[ 1 2 3 ] ++ [ 4 ] ++ [ ]
---
{ a = 1; "b c" = 2; ${"d"} = 3; ${null} = 4; e.f.g = 5; e.h = 6; }
---
{ a = { b = 1; }; a.c = 2; a.d.e = 3; }
---
{ a.b = 1; a = { c = 2; }; }
---
rec { a = 1; b = a + c; c = 10; d = { inherit a b; }; }
---
let x = 1; y = { inherit x; }; in { inherit (y) x; inherit y; }
---
let { x = 1; body = x + 1; }
---
rec { x = y; y = 2; inherit (z) w; z = { w = x; }; }
---
let a = 1; in rec { inherit a; b = a; }
---
with { a = 1; b = 2; }; a + b
---
let a = 1; in with { a = 2; }; a
---
with { a = 1; }; with { a = 2; }; a
---
with { map = 1; }; map (x: x) [ 2 ]
---
(x: y: x + y) 1 2
---
({ a, b ? a + 1 }: a + b) { a = 1; }
---
({ a ? 1, ... }@args: args // { inherit a; }) { b = 2; }
---
(args@{ a, ... }: args) { a = 1; c = 3; }
---
({ }: 1) { }
---
({ ... }: 1) { x = 2; }
---
({ a, b ? all.a, ... }@all: b) { a = 5; }
---
({ a ? b, b ? 2 }: a) { }
---
if 1 < 2 then "yes" else "no"
---
assert true; 1
---
let f = x: if x == 0 then 1 else x * f (x - 1); in f 10
---
{ a.b.c = 1; }.a.b.c
---
{ a = 1; }.b or 2
---
{ a = { }; }.a.b.c or "none"
---
{ a = 1; }.a.b or 3
---
{ a.b = 1; } ? a.b
---
{ a = 1; } ? a.b.c
---
{ a = 1; } ? "a"
---
let n = "a"; in { a = 1; } ? ${n}
---
let n = "a"; in { a = 1; }.${n}
---
let n = "a"; in { "${n}b" = 1; ${n + "c"} = 2; }
---
!true || false && true
---
true -> false -> false
---
!(true -> false)
---
-1 + 2
---
- -3
---
-(2 * 3)
---
!false == true
---
1 == 1.0
---
[ 1 ] == [ 1.0 ]
---
1 < 1.5
---
"a" < "b"
---
"a" < "B"
---
[ 1 2 ] < [ 1 3 ]
---
[ ] < [ 1 ]
---
[ 1 2 ] <= [ 1 2 ]
---
2 >= 2 && 3 > 2 && !(2 > 3)
---
{ a = 1; } // { b = 2; } // { a = 3; }
---
{ a = 1; } == { a = 1; }
---
{ a = 1; } == { b = 1; }
---
{ a = 1; b = 2; } != { a = 1; }
---
let f = x: x; in [ (f == f) ([ f ] == [ f ]) ({ a = f; } == { a = f; }) ]
---
null == null
---
"a" + "b" + "c"
---
[ (7 / 2) (-7 / 2) (7.0 / 2) (1 / 2 * 2) ]
---
let or = 1; in (x: x + 1) or
---
{ or = 1; }.or
---
{ a = { or = 2; }; }.a.or or 3
---
let x' = 1; a-b = 2; _ = 3; in x' + a-b + _
---
/* comment */ 1 # other
+ 1
---
(a: b: c: [ a b c ]) 1 2 3
---
let a = x: x; in a a a 1
---
let s = { f = x: x + 1; }; in s.f 1
---
[ (x: x) 1 ] != [ ]
---
let x = "outer"; in { x = "inner"; y = x; }
---
let x = { y = 1; z = x.y; }; in x.z
---
let a = b; b = c; c = 1; in a
---
{ x = 1; x' = 2; "x''" = 3; }
---
{ a = 1; ${if true then "b" else null} = 2; ${if false then "c" else null} = 3; }
---
let a.b = 1; a.c = 2; in a
---
(rec { a = { b = 1; }; a.c = 2; }).a
---
{ __functor = self: x: self.y + x; y = 1; } 2
---
{ outPath = "x"; } + "y"
---
"${{ __toString = self: "t${self.a}"; a = "b"; }}"
---
{ outPath = "p"; a = 1; }
---
"€uro ünïcode 🎉"
---
rec { __overrides = { a = 2; }; a = 1; b = a; }.b or 1
---
let x = 1; in (let y = x; in y) + (with { z = 2; }; z)
---
''
  a
	tab
  b
''
---
''
  trailing   
   spaces  
''
---
1 + (if true then 1 else 2)
---
builtins.length [ (x: x) (1) ({ }) ]
---
let f = { x ? 1, y ? 2 }: x + y; in f { y = 5; }
---
{ inherit ({ a = 1; b = 2; }) a b; }
---
{ "a" = 1; inherit ({ b = 2; }) "b"; }
---
{ a = 1; }.${"a"}
---
"${"a"}${"b"}"
---
rec { a = rec { b = c; c = 1; }; d = a.b; }
---
let fix = f: let x = f x; in x; in fix (self: { a = 1; b = self.a + 1; })
---
let xs = [ 1 ] ++ map (x: x + 1) [ 1 2 ]; in xs
---
({ a ? throw "unused", b }: b) { b = 1; }
---
let x = throw "unused"; in 1
---
(x: 1) (throw "unused")
---
{ a = throw "unused"; b = 1; }.b
---
builtins.length [ (throw "a") (throw "b") ]
