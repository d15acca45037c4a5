/** Sentences in pieces: names of events are pieces of their own, so that they can stand out. */

/** A piece of a sentence: text, or the name of an event. */
export type Word = string | { readonly event: string }
export type Words = readonly Word[]

/** Puts words together, as a template has them; texts that stand beside one another are one piece. */
export function say(texts: TemplateStringsArray, ...parts: readonly (Words | string)[]): Words {
  return whole(texts.flatMap((text, index): Words => [text, ...piecesOf(parts[index] ?? '')]))
}

/** Puts sentences together, with a text between each two. */
export function joined(all: readonly Words[], between: string): Words {
  return whole(all.flatMap((words, index): Words => (index === 0 ? words : [between, ...words])))
}

/** Returns words as text. */
export function plain(words: Words): string {
  return words.map((word) => (typeof word === 'string' ? word : word.event)).join('')
}

function piecesOf(part: Words | string): Words {
  return typeof part === 'string' ? [part] : part
}

function whole(words: Words): Words {
  const pieces: Word[] = []
  for (const word of words) {
    const last = pieces.at(-1)
    if (word === '') continue
    if (typeof word === 'string' && typeof last === 'string') pieces[pieces.length - 1] = last + word
    else pieces.push(word)
  }
  return pieces
}
