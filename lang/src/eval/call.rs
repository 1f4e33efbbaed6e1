//! Calls: of functions, of builtins, of sets that can be called.

use super::builtins::Args;
use super::code::{FieldCode, LambdaCode, Op, OpId, ParameterCode};
use super::scope::Scope;
use super::thunk::Thunk;
use super::val::{Function, Set, Symbol, ThunkId, Val};
use super::{Evaluator, Raised};
use crate::codes;
use crate::nearest::nearest;
use crate::source::Span;
use std::borrow::Cow;
use std::rc::Rc;

impl Evaluator {
    /// Where an argument was written, counted from the last one of the call.
    pub(super) fn argument_span(&self, call: OpId, from_last: usize) -> Option<Span> {
        match self.op(call) {
            Op::Apply { argument, .. } if from_last == 0 => Some(self.op_span(*argument)),
            Op::ApplyMany { arguments, .. } => {
                let index = arguments.len().checked_sub(from_last + 1)?;
                Some(self.op_span(arguments[index]))
            }
            _ => None,
        }
    }

    /// Calls a function with at least one argument.
    ///
    /// # Errors
    /// Whatever is wrong within it, or that it is not a function.
    pub fn call(&mut self, function: &Val, arguments: &[ThunkId], span: Span) -> Result<Val, Raised> {
        let at = self.calling.take();
        let mut function = function.clone();
        let mut left = arguments;
        while !left.is_empty() {
            self.count_step()?;
            function = match &function {
                Val::Function(callee) => match &**callee {
                    Function::Lambda(code, scope) => {
                        let (mut code, mut scope) = (Cow::Borrowed(code), Cow::Borrowed(scope));
                        // A function that only makes a function: the one within is called at once.
                        while let (Op::Lambda(inner), ParameterCode::One(_), [argument, rest @ ..]) =
                            (self.op(code.body), &code.parameter, left)
                            && !rest.is_empty()
                        {
                            code = Cow::Owned(inner.clone());
                            scope = Cow::Owned(scope.one(*argument));
                            left = rest;
                            self.count_step()?;
                        }
                        let argument = left[0];
                        left = &left[1..];
                        self.call_lambda(&code, &scope, argument, span)?
                    }
                    Function::Builtin(builtin, known) => {
                        let take = (builtin.arity - known.len()).min(left.len());
                        let (new, rest) = left.split_at(take);
                        left = rest;
                        let all = match known.is_empty() {
                            true => Cow::Borrowed(new),
                            false => Cow::Owned([known, new].concat()),
                        };
                        if all.len() == builtin.arity {
                            let at = at.filter(|_| left.is_empty());
                            let args = Args { values: &all, span, name: builtin.name, at };
                            let result = self.deeper(|evaluator| (builtin.run)(evaluator, args));
                            result.map_err(|raised| raised.seen_from(span))?
                        } else {
                            Val::Function(Rc::new(Function::Builtin(builtin, all.into_owned())))
                        }
                    }
                },
                Val::Set(set) => {
                    let functor = self.symbols.intern("__functor");
                    let Some(functor) = set.get(functor).map(|attribute| attribute.value) else {
                        return Err(self.not_a_function(&function, arguments.len() - left.len(), at, span));
                    };
                    let functor = self.force(functor)?;
                    let this = self.value(function.clone());
                    self.deeper(|evaluator| evaluator.call(&functor, &[this], span))?
                }
                other => return Err(self.not_a_function(other, arguments.len() - left.len(), at, span)),
            };
        }
        Ok(function)
    }

    /// That something is called which is no function; `taken` arguments were right.
    fn not_a_function(&self, value: &Val, taken: usize, call: Option<OpId>, span: Span) -> Raised {
        let found = self.show(value);
        let (callee, arguments) = match call.map(|call| self.op(call)) {
            Some(Op::Apply { function, argument }) => (Some(*function), vec![*argument]),
            Some(Op::ApplyMany { function, arguments }) => (Some(*function), arguments.to_vec()),
            _ => (None, Vec::new()),
        };
        let called = callee.map(|callee| self.op_span(callee));
        if let (1.., Some(called), Some(surplus)) = (taken, called, arguments.get(taken)) {
            let name =
                self.written(called).map_or_else(|| "the function".to_owned(), |name| format!("`{name}`"));
            let arguments = if taken == 1 { "one argument".to_owned() } else { format!("{taken} arguments") };
            let message = format!("{name} takes {arguments} and returns {found}; there is one too many");
            return Raised::new(codes::EXPRESSION_TYPE, self.op_span(*surplus), message)
                .help("an argument that is a call itself needs parentheses: `f (g x)`");
        }
        let message = format!("expected a function to call, found {found}");
        let raised = Raised::new(codes::EXPRESSION_TYPE, called.unwrap_or(span), message);
        match callee.and_then(|callee| self.bound_at(callee)) {
            Some(bound) => raised.label(bound, "bound here"),
            None => raised,
        }
    }

    fn call_lambda(
        &mut self,
        code: &Rc<LambdaCode>,
        scope: &Scope,
        argument: ThunkId,
        span: Span,
    ) -> Result<Val, Raised> {
        let result = self.deeper(|evaluator| {
            let inner = match &code.parameter {
                ParameterCode::One(_) => scope.one(argument),
                ParameterCode::Pattern { fields, open, all } => {
                    let set = evaluator.force(argument)?;
                    let set = evaluator.as_set(set, span, "the argument")?;
                    let mut values = Vec::with_capacity(fields.len() + 1);
                    let mut defaults = Vec::new();
                    let mut matched = 0;
                    for field in fields {
                        match (set.get(field.name), field.default) {
                            (Some(attribute), _) => {
                                matched += 1;
                                values.push(attribute.value);
                            }
                            (None, Some(default)) => {
                                let thunk = evaluator.reserve();
                                defaults.push((thunk, default));
                                values.push(thunk);
                            }
                            (None, None) => {
                                let name = evaluator.name(field.name);
                                let message =
                                    format!("function needs the argument `{name}`, which is not given");
                                let raised = Raised::new(codes::MISSING_ARGUMENT, span, message);
                                return Err(match evaluator.span_of(field.place) {
                                    Some(place) => raised.label(place, "asked for here"),
                                    None => raised,
                                });
                            }
                        }
                    }
                    if !open && matched < set.len() {
                        return Err(evaluator.unexpected_argument(code, fields, &set, span));
                    }
                    if all.is_some() {
                        values.push(argument);
                    }
                    let inner = scope.many(values);
                    for (thunk, default) in defaults {
                        evaluator.set_thunk(thunk, Thunk::Suspended(default, inner.clone()));
                    }
                    inner
                }
            };
            evaluator.run(code.body, &inner)
        });
        result.map_err(|raised| match &code.name {
            Some(name) => raised.frame(span, format!("in this call of `{name}`")),
            None => raised.frame(span, "in this call"),
        })
    }

    fn unexpected_argument(&self, code: &LambdaCode, fields: &[FieldCode], set: &Set, span: Span) -> Raised {
        let known = |name: Symbol| fields.iter().any(|field| field.name == name);
        let Some(extra) = self.sorted(set).into_iter().find(|entry| !known(entry.name)) else {
            return Raised::new(codes::UNEXPECTED_ARGUMENT, span, "unexpected argument");
        };
        let name = self.name(extra.name);
        let message = format!("function does not take the argument `{name}`");
        let at = self.span_of(extra.place).unwrap_or(span);
        let mut raised =
            Raised::new(codes::UNEXPECTED_ARGUMENT, at, message).label(code.span, "the function");
        let names = fields.iter().map(|field| &**self.name(field.name));
        if let Some(near) = nearest(name, names) {
            raised = raised.help(format!("did you mean `{near}`?"));
        }
        raised
    }
}
