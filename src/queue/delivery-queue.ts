/**
 * The queue of jobs to the workers, and of their answers.
 *
 * Q1. A job that is added again, under the same id and before it has been answered, is there once.
 * Q2. It may lose jobs, and forget answers: the dispatcher looks for its jobs, and adds lost ones again.
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
  /** Resolves with the jobs of a destination that wait or are worked on. */
  present(destinationId: string): Promise<readonly DeliveryJob[]>
  has(destinationId: string, jobId: string): Promise<boolean>
  /** Removes the jobs of a destination that is no more. */
  remove(destinationId: string): Promise<void>
  /**
   * Resolves with the answers after one, in order. If there is none yet, it `waits` a little, and may resolve with
   * none.
   */
  answersAfter(id: string, waits: boolean): Promise<readonly NumberedAnswer[]>
  /** Forgets answers up to this one. */
  trimAnswers(id: string): Promise<void>
  close(): Promise<void>
}
