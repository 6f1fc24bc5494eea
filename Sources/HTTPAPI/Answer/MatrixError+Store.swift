import Homeserver
import MatrixProtocol
import Store

extension MatrixError {
    /// What a client is told when the database couldn't keep what it asked for; nil for other errors of the store.
    init?(_ error: StoreError) {
        switch error {
        case .outcomeUnknown:
            self.init(
                .unknown,
                "The server's disk failed: the change may have been made or not. Repeat the request, with the same transaction ID if it has one",
                status: 503)
        case .unavailable:
            self.init(
                .unknown, "The server can't write to its disk at the moment. Nothing was changed; repeat the request later", status: 503)
        case .commitTooLarge:
            self = .commitTooLarge
        default:
            return nil
        }
    }
}
