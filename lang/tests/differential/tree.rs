//! An expression as pieces, so that it can be made smaller without knowing what it means.

/// Words with expressions between.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) level: Level,
}

/// Part of a [`Tree`].
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Word(String),
    Tree(Tree),
}

/// How tightly an expression holds together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// `1`, `(…)`, `a.b`
    Atom,
    /// Anything with operators, and calls.
    Operators,
    /// `let …`, `x: …`
    Open,
}

impl Tree {
    pub(crate) fn atom(text: impl Into<String>) -> Self {
        Self { pieces: vec![Piece::Word(text.into())], level: Level::Atom }
    }

    pub(crate) fn parenthesized(self) -> Self {
        let pieces = vec![Piece::Word("(".into()), Piece::Tree(self), Piece::Word(")".into())];
        Self { pieces, level: Level::Atom }
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        for piece in &self.pieces {
            match piece {
                Piece::Word(word) => text.push_str(word),
                Piece::Tree(tree) => tree.write(text),
            }
        }
    }

    /// Trees with one part less: an inner tree for the whole, or a leaf or a grandchild for an inner tree.
    pub(crate) fn smaller(&self) -> Vec<Tree> {
        let mut found: Vec<Tree> = self.children().cloned().collect();
        for (at, piece) in self.pieces.iter().enumerate() {
            let Piece::Tree(child) = piece else { continue };
            for replacement in child.smaller() {
                let mut pieces = self.pieces.clone();
                pieces[at] = Piece::Tree(replacement);
                found.push(Tree { pieces, level: self.level });
            }
        }
        let text = self.text();
        for leaf in ["1", "\"\"", "[ ]", "{ }", "(x: x)", "true"] {
            if leaf.len() < text.len() {
                found.push(Tree::atom(leaf));
            }
        }
        found.retain(|tree| tree.text().len() < text.len());
        found
    }

    fn children(&self) -> impl Iterator<Item = &Tree> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Tree(tree) => Some(tree),
            Piece::Word(_) => None,
        })
    }
}
