import MatrixProtocol
import Store
import StoredIdentifiers

/// A request that sends messages to devices, as it is known by: its sender's device, the messages' type, and the client's transaction ID.
package typealias ToDeviceTransactionKey = TupleKey<UserID, String?, String, String>

/// How far a request that sends messages to devices has been carried out.
package struct ToDeviceTransaction: StoreCodable, Equatable {
    /// When it was carried out so far, in milliseconds since 1970.
    let time: Int64
    /// The last inbox that has its message; nil when all have.
    let last: DeviceInbox?

    /// For so long a request is known, in milliseconds: nobody repeats it later.
    static let lifetimeMilliseconds: Int64 = 24 * 60 * 60 * 1000

    init(time: Int64, last: DeviceInbox?) {
        self.time = time
        self.last = last
    }

    /// The tuple of the time and of user, device and time of the last inbox.
    package var encoded: [UInt8] {
        TupleKey(time, last?.user, last?.device, last?.createdAt).encoded
    }

    package init(encoded bytes: [UInt8]) throws {
        let (time, user, device, createdAt) = try TupleKey<Int64, UserID?, String?, Int64?>(encoded: bytes).parts
        self.time = time
        if let user, let device, let createdAt {
            last = DeviceInbox(user: user, device: device, createdAt: createdAt)
        } else {
            last = nil
        }
    }
}

extension ToDeviceTransaction {
    package var readable: ReadableValue {
        [
            "ts": time.readable, "last_user_id": (last?.user).readable, "last_device_id": (last?.device).readable,
        ]
    }
}
