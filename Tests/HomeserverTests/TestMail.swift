import Store
import Synchronization

/// Keeps the messages that the server sends.
final class TestMail: OutgoingMail {
    private let state = Mutex<(messages: [MailMessage], failure: OutgoingMailError?)>(([], nil))

    var messages: [MailMessage] { state.withLock { $0.messages } }

    func fail(with failure: OutgoingMailError?) {
        state.withLock { $0.failure = failure }
    }

    func send(_ message: MailMessage) async throws {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            state.messages.append(message)
        }
    }
}
