/**
 * Jobs on their way to the workers, and their answers.
 *
 * Q1. A job that is added again, under the same id and before it has been answered, is there once.
 * Q2. It may lose jobs, and forget answers: whoever added them finds out by asking, and adds them again.
 */
import type { Answer, DeliveryJob } from './job.ts'

export interface NumberedAnswer {
  /** Greater than that of any answer before. */
  readonly id: string
  readonly answer: Answer
}

export interface DeliveryQueue {
  /** Resolves when the job is there. Keeps Q1. */
  add(job: DeliveryJob): Promise<void>
  /** Jobs of a destination that wait or are worked on. */
  present(destinationId: string): Promise<readonly DeliveryJob[]>
  has(destinationId: string, jobId: string): Promise<boolean>
  /** Forgets the jobs of a destination that is no more. */
  remove(destinationId: string): Promise<void>
  /** Answers after one, as they come; where there is none yet, it `waits` a little, and may give none. */
  answersAfter(id: string, waits: boolean): Promise<readonly NumberedAnswer[]>
  /** Answers up to this one are not needed any more. */
  trimAnswers(id: string): Promise<void>
  close(): Promise<void>
}
