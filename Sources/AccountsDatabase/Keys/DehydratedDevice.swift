import Store

/// A device that nobody is logged in on and that takes messages for its user meanwhile (MSC3814).
package struct DehydratedDevice: StoreCodable, Equatable {
    package let id: String
    /// What the user's next device needs to become it, as JSON.
    package let data: [UInt8]

    package init(id: String, data: [UInt8]) {
        self.id = id
        self.data = data
    }

    /// The tuple of the members, in their order.
    package var encoded: [UInt8] {
        TupleKey(id, data).encoded
    }

    package init(encoded bytes: [UInt8]) throws {
        let (id, data) = try TupleKey<String, [UInt8]>(encoded: bytes).parts
        self.init(id: id, data: data)
    }
}

extension DehydratedDevice {
    package var readable: ReadableValue { ["device_id": id.readable, "device_data": .bytes(data)] }
}
