# `lib.fixedPoints`: functions of their own result, and overlays over them. Also at the top of `lib`.

# The value that a function gives when it is handed its own result.
# :: (a -> a) -> a
# lib.fix (self: { a = 1; b = self.a + 1; }) => { a = 1; b = 2; }
fix = f: let x = f x; in x;

# The same, with the function itself as `__unfix__`.
# :: ({a} -> {a}) -> {a}
# lib.attrNames (lib.fix' (self: { a = 1; })) => [ "__unfix__" "a" ]
fix' = f: let x = f x // { __unfix__ = f; }; in x;

# What comes of a function applied again and again, once it changes nothing more.
# :: (a -> a) -> a -> a
# lib.converge (x: x / 2) 16 => 0
converge = f: x: let next = f x; in if next == x then x else lib.converge f next;

# A function of its own result, with an overlay over it: a function of the final set and of the one below.
# :: ({a} -> {a} -> {a}) -> ({a} -> {a}) -> {a} -> {a}
# lib.fix (lib.extends (final: prev: { b = prev.b + 10; }) (self: { a = 1; b = self.a; })) => { a = 1; b = 11; }
extends = overlay: f: final: let prev = f final; in prev // overlay final prev;

# Two overlays as one; the second lies over the first.
# :: ({a} -> {a} -> {a}) -> ({a} -> {a} -> {a}) -> {a} -> {a} -> {a}
# lib.composeExtensions (final: prev: { a = prev.a + 1; }) (final: prev: { a = prev.a * 2; }) { } { a = 1; } => { a = 4; }
composeExtensions = f: g: final: prev:
  let below = f final prev;
  in below // g final (prev // below);

# Overlays as one; each lies over those before it.
# :: [{a} -> {a} -> {a}] -> {a} -> {a} -> {a}
# lib.composeManyExtensions [ (final: prev: { a = 1; }) (final: prev: { b = prev.a; }) ] { } { } => { a = 1; b = 1; }
composeManyExtensions = lib.foldr lib.composeExtensions (final: prev: { });

# A set that is a function of itself, with `extend` for overlays over it.
# :: ({a} -> {a}) -> {a}
# ((lib.makeExtensible (self: { a = 1; b = self.a; })).extend (final: prev: { a = 2; })).b => 2
makeExtensible = lib.makeExtensibleWithCustomName "extend";

# The same with another name for `extend`.
# :: String -> ({a} -> {a}) -> {a}
# ((lib.makeExtensibleWithCustomName "with'" (self: { a = 1; })).with' (final: prev: { a = 2; })).a => 2
makeExtensibleWithCustomName = name: f:
  lib.fix' (self: f self // { ${name} = overlay: lib.makeExtensibleWithCustomName name (lib.extends overlay f); });

# An overlay: of a set, of a function of the set below, or of one already.
# :: {a} | ({a} -> {a}) | ({a} -> {a} -> {a}) -> {a} -> {a} -> {a}
# lib.toExtension (prev: { a = prev.a + 1; }) { } { a = 1; } => { a = 2; }
toExtension = f:
  if !(lib.isFunction f) then final: prev: f
  else final: prev: let once = f prev; in if lib.isFunction once then f final prev else once;
