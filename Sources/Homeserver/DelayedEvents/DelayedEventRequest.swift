import CanonicalJSON
import MatrixProtocol

/// What a client wants to have sent later.
package struct DelayedEventRequest: Sendable {
    package let room: RoomID
    package let type: String
    /// The state key of a state event.
    package let stateKey: String?
    package let content: JSONObject
    package let delayMilliseconds: Int64
    /// For how long it sticks to its room once it is sent.
    package let stickiness: Stickiness?

    package init(
        room: RoomID, type: String, stateKey: String?, content: JSONObject, delayMilliseconds: Int64, stickiness: Stickiness? = nil
    ) {
        self.room = room
        self.type = type
        self.stateKey = stateKey
        self.content = content
        self.delayMilliseconds = delayMilliseconds
        self.stickiness = stickiness
    }

    /// By what a request is known when it is repeated: the endpoint, the event's type, and the client's transaction ID.
    package struct Transaction: Sendable {
        package let endpoint: Endpoint
        package let type: String
        package let id: String

        package init(_ endpoint: Endpoint, type: String, id: String) {
            self.endpoint = endpoint
            self.type = type
            self.id = id
        }

        /// The endpoints that take transaction IDs.
        package enum Endpoint: String, Sendable {
            case send
            case delayedEvent = "delayed_event"
        }
    }
}

/// What whoever knows a delayed event's name can do with it.
package enum DelayedEventAction: String, Sendable, CaseIterable {
    case cancel
    case restart
    case send
}
