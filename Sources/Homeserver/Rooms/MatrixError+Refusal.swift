import MatrixProtocol
import Store

extension MatrixError {
    /// What a client is told when a commit has refused what it wanted; nil for other errors.
    init?(refusal error: any Error) {
        switch error {
        case let error as MatrixError: self = error
        case AuthorizationError.stateKeyWithoutOwner: self.init(.badJSON, "\(error)")
        case let error as AuthorizationError: self.init(.forbidden, "\(error)")
        case let error as EventFormatError: self.init(event: error)
        case StoreError.commitTooLarge: self = .commitTooLarge
        default: return nil
        }
    }

    /// A request changes more than a commit can have.
    package static let commitTooLarge = MatrixError(.tooLarge, "The request changes more than the server can keep at once")

    /// Why what a client wants to send can't be an event.
    init(event error: EventFormatError) {
        switch error {
        case .tooLarge, .fieldTooLong: self.init(.tooLarge, "\(error)")
        default: self.init(.badJSON, "\(error)")
        }
    }
}
