/** Asks before something is deleted: the only dialog that stops whoever works. */
import { type ReactNode, useState } from 'react'
import { Button, Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components'

export interface ConfirmProps {
  readonly isOpen: boolean
  readonly title: string
  /** Says what is lost, and what depends on it. */
  readonly children: ReactNode
  /** The words of the button that does it: `Delete Cart left`. */
  readonly action: string
  /** False while it may not be done. */
  readonly isAllowed?: boolean
  readonly onConfirm: () => Promise<void>
  readonly onClose: () => void
}

export function Confirm({ isOpen, title, children, action, isAllowed = true, onConfirm, onClose }: ConfirmProps) {
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const confirm = async (): Promise<void> => {
    setBusy(true)
    setProblem(undefined)
    try {
      await onConfirm()
      onClose()
    } catch (error) {
      setProblem((error as Error).message)
    }
    setBusy(false)
  }
  return (
    <ModalOverlay
      className="overlay"
      isOpen={isOpen}
      isDismissable
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
    >
      <Modal className="modal">
        <Dialog role="alertdialog">
          <Heading slot="title">{title}</Heading>
          {children}
          <p role="alert" className="problem">
            {problem}
          </p>
          <div className="row end">
            <Button className="btn" onPress={onClose}>
              Keep it
            </Button>
            <Button className="btn danger" isDisabled={!isAllowed || isBusy} onPress={() => void confirm()}>
              {action}
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}
