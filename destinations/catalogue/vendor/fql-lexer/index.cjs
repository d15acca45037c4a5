/**
 * The lexer of Segment's filter query language, FQL, for `@segment/destination-subscriptions`, which parses conditions
 * such as `type = "track" and !match(properties.plan, "trial*")`. It stands in for `@segment/fql-ts`, which has no
 * license; that package's other functions are missing here, as nothing calls them.
 */
const types = {
  Comma: 'comma',
  Conditional: 'conditional',
  EOS: 'eos',
  Ident: 'ident',
  Number: 'number',
  Operator: 'operator',
  ParenLeft: 'parenleft',
  ParenRight: 'parenright',
  String: 'string',
}

/** Each group is named by the type of its token. A path, `properties.plan`, is one identifier. */
const TOKEN = new RegExp(
  [
    String.raw`(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')`,
    String.raw`(?<number>-?\d+(?:\.\d+)?(?![\w$.]))`,
    String.raw`(?<conditional>(?:and|or|AND|OR)(?![\w$.-]))`,
    String.raw`(?<ident>(?:[A-Za-z_$]|\\.)(?:[\w$.-]|\\.)*)`,
    String.raw`(?<operator>[!<>=]=|[!=<>])`,
    String.raw`(?<parenleft>\()`,
    String.raw`(?<parenright>\))`,
    String.raw`(?<comma>,)`,
  ].join('|'),
  'ys',
)

/** Lists the tokens of a query, and one of type `eos` at its end. Throws an Error at a character that begins none. */
function lex(query) {
  const tokens = []
  for (let at = startOfNext(query, 0); at < query.length; at = startOfNext(query, TOKEN.lastIndex)) {
    TOKEN.lastIndex = at
    const found = TOKEN.exec(query)
    if (!found) throw new Error(`FQL, character ${at + 1}: expected a name, a value or an operator, got ${query[at]}`)
    const [type, text] = Object.entries(found.groups).find(([, value]) => value !== undefined)
    tokens.push({ type, value: valueOf(type, text) })
  }
  return { tokens: [...tokens, { type: types.EOS, value: types.EOS }] }
}

function startOfNext(query, from) {
  return from + /^\s*/.exec(query.slice(from))[0].length
}

/**
 * Writes a token as the parser knows it: a string in double quotes, which it removes without looking for a backslash;
 * `and` and `or` in small letters; and one sign for equality, though definitions have `==` as well.
 */
function valueOf(type, text) {
  switch (type) {
    case types.String:
      return `"${unescaped(text.slice(1, -1))}"`
    case types.Ident:
      return unescaped(text)
    case types.Conditional:
      return text.toLowerCase()
    default:
      return text === '==' ? '=' : text
  }
}

function unescaped(text) {
  return text.replaceAll(/\\(.)/gs, '$1')
}

module.exports = { lex, types }
