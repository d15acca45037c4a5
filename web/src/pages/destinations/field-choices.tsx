/** A button that asks a tool for the values that a field may have, and the list of its answer. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { ListFilter } from 'lucide-react'
import { useState } from 'react'
import { Button, Dialog, DialogTrigger, Popover } from 'react-aria-components'
import { answeredData, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import { type Choice, Choices } from '../../parts/choices.tsx'
import { valueText } from '../../parts/format.ts'
import type { Asked, ChoicesAnswer, JsonObject, JsonValue } from './answers.ts'
import { type FieldQuestion, typedChoice } from './field-question.ts'

/** A destination that can be asked, as it is made already. */
export interface AskedDestination {
  readonly id: string
  readonly name: string
}

export interface FieldChoicesProps {
  readonly destination: AskedDestination
  readonly action: string
  readonly question: FieldQuestion
  /** Values of the action's other fields. */
  readonly payload: JsonObject
  readonly onTake: (value: JsonValue) => void
}

export function FieldChoices(props: FieldChoicesProps) {
  const { destination, question, onTake } = props
  const [isOpen, open] = useState(false)
  const words = `Ask ${destination.name} for the choices`
  return (
    <DialogTrigger isOpen={isOpen} onOpenChange={open}>
      <Button className="btn quiet sm" aria-label={`${words} of ${question.label}`}>
        <ListFilter className="i s" aria-hidden="true" />
        {question.place === 'part' ? `${words} of ${question.label}` : words}
      </Button>
      <Popover className="pop" placement="bottom start" offset={6}>
        <Dialog aria-label={`Choices of ${question.label}`}>
          <Answered
            {...props}
            onTake={(value) => {
              open(false)
              onTake(value)
            }}
          />
        </Dialog>
      </Popover>
    </DialogTrigger>
  )
}

/** Asks once it is shown. */
function Answered({ question, onTake, ...asked }: FieldChoicesProps) {
  const { data, error, isFetching, hasNextPage, fetchNextPage, refetch } = useChoices({ question, ...asked })
  const byId = new Map(data?.pages.flatMap(({ choices }) => choices).map((one) => [JSON.stringify(one.value), one]))
  return (
    <>
      <Choices
        label={`Choices of ${question.label}`}
        placeholder="Find one, or type another"
        choices={[...byId].map(([id, { value, label }]) => choiceOf(id, value, label))}
        isLoading={isFetching}
        onTake={(id) => {
          onTake(byId.get(id)!.value)
        }}
        onTyped={(text) => {
          onTake(typedChoice(question, text))
        }}
      />
      <p className="problem pad" role="alert">
        {error?.message}
      </p>
      {(error ?? hasNextPage) && (
        <button
          className="btn quiet sm more"
          type="button"
          disabled={isFetching}
          onClick={() => {
            void (data && hasNextPage ? fetchNextPage() : refetch())
          }}
        >
          {error ? 'Ask again' : 'More choices'}
        </button>
      )}
    </>
  )
}

function choiceOf(id: string, value: JsonValue, label: string): Choice {
  const shown = valueText(value)
  return { id, text: label, sought: shown, ...(shown !== label && { note: shown }) }
}

function useChoices({ destination: { id }, action, question: { field }, payload }: Omit<FieldChoicesProps, 'onTake'>) {
  const spaceId = useSpaceId()
  return useInfiniteQuery({
    queryKey: ['choices', spaceId, id, action, field, payload],
    queryFn: async ({ pageParam, signal }) => {
      const body = { action, field, payload: payload as Record<string, never>, ...(pageParam && { page: pageParam }) }
      const params = { path: { spaceId, id } }
      const asked = api.POST('/spaces/{spaceId}/destinations/{id}/choices', { params, body, signal })
      const answer = await answeredData<Asked<ChoicesAnswer>>(asked)
      if (answer.status === 'FAILED') throw new Error(answer.message)
      return answer
    },
    initialPageParam: '',
    getNextPageParam: ({ nextPage }) => nextPage,
    // The tool's words are shown at once; who reads them may ask again.
    retry: false,
    refetchOnWindowFocus: false,
  })
}
