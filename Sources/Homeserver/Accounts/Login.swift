import AccountsDatabase
import MatrixProtocol
import Store

/// A user who has registered or logged in.
package struct Login: Sendable, Equatable {
    package let user: UserID
    /// The device that the user is logged in on; nil where no login was wanted.
    package let device: LoggedInDevice?

    /// A device with its access token, which is known here and now only.
    package struct LoggedInDevice: Sendable, Equatable {
        package let id: String
        package let accessToken: String
    }
}

/// What a client says about the device that is to be logged in.
package struct LoginDevice: Sendable {
    /// The device's ID; nil has one made.
    package var id: String?
    /// The device's name, if it is a new one.
    package var displayName: String?
    /// Where the request comes from.
    package var address: String?

    package init(id: String? = nil, displayName: String? = nil, address: String? = nil) {
        self.id = id
        self.displayName = displayName
        self.address = address
    }

    /// How many letters and digits a device ID has that is made here.
    private static let idLength = 10
    /// How many letters and digits an access token has: 238 bits.
    private static let tokenLength = 40

    /// Checks what the client said.
    ///
    /// - Throws: `M_INVALID_PARAM`.
    func check() throws(MatrixError) {
        if let id, id.isEmpty || id.utf8.count > AccountsLimits.deviceIDSizeMaxBytes {
            throw MatrixError(.invalidParameter, "device_id must have 1 to \(AccountsLimits.deviceIDSizeMaxBytes) bytes")
        }
        if let displayName, displayName.utf8.count > AccountsLimits.deviceDisplayNameSizeMaxBytes {
            let message = "initial_device_display_name must have at most \(AccountsLimits.deviceDisplayNameSizeMaxBytes) bytes"
            throw MatrixError(.invalidParameter, message)
        }
    }

    /// The device with a fresh access token, and what is to be kept of both.
    func makeLogin(_ random: any RandomSource) -> (device: Login.LoggedInDevice, kept: NewLogin) {
        let device = Login.LoggedInDevice(
            id: id ?? random.alphanumeric(Self.idLength), accessToken: random.alphanumeric(Self.tokenLength))
        let kept = NewLogin(
            device: device.id, tokenHash: Accounts.hash(ofToken: device.accessToken), displayName: displayName, address: address)
        return (device, kept)
    }
}
