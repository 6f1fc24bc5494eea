import CanonicalJSON
import MatrixProtocol

/// An event as Synapse 1.163 and signedjson 1.1 hash, sign, name and redact it, with the specification's test key.
///
/// All of them have the same sender, depth, time, previous and auth events; see `EventVectorTests`.
struct EventVector: Sendable {
    var version: RoomVersion
    var type: String
    var stateKey: String?
    var content: String
    var redactedContent: String
    var contentHash: String
    var signature: String
    var id: String
}

extension EventVector {
    static let all: [EventVector] = [
        EventVector(
            version: .v10, type: "m.room.message", stateKey: nil,
            content: #"{"body":"Grüße, \"日本語\" \u0001\n😀","msgtype":"m.text"}"#,
            redactedContent: #"{}"#,
            contentHash: "4YY0gH2EdmsIDZK3ciGIt/LyoUhnAhO4Q9VxJobrTvY",
            signature: "kEyguXBaFrW8cpx3+lWTYiniYCNoKVBxn4uY8FLDozHPd275648HUikIdkfD4cn1R1wL6pqz/ZdO2Ad3oXMCBQ",
            id: "$XmunLbLE0R_7jZ-v2OZna7QsWZ3jacxC9KXHoltTuUk"),
        EventVector(
            version: .v10, type: "m.room.create", stateKey: "",
            content: #"""
                {"creator":"@alice:example.org","m.federate":false,"predecessor":{"room_id":"!old:example.org"},\#
                "room_version":"10"}
                """#,
            redactedContent: #"{"creator":"@alice:example.org"}"#,
            contentHash: "8EGYFEo0S1mhDMNm1vg3P+flYTnBLrpJtTb3seoMWGs",
            signature: "33/ASWPNbjZjh+1HPowoaQFBOx3oBJwPLymVzmT45L6EnhmWLFoaDlqhOrgQZQ0NEApJ3ODj3QKqPyi5otVGCA",
            id: "$uFBYYpyWhhdEtPXhoNfUcUq0Wl3NYJ47acdynD3_IG8"),
        EventVector(
            version: .v10, type: "m.room.member", stateKey: "@bob:example.org",
            content: #"""
                {"displayname":"Bob","join_authorised_via_users_server":"@carol:example.org","membership":"invite",\#
                "third_party_invite":{"display_name":"b","signed":{"mxid":"@bob:example.org","token":"abc"}}}
                """#,
            redactedContent: #"{"join_authorised_via_users_server":"@carol:example.org","membership":"invite"}"#,
            contentHash: "t9mzu7qp64wk2VQagVZFI02+RBQFyDON6/1OlJBLG3w",
            signature: "UErRwfP8a5lWL124kQEoVHyAdYwbE3ajM62cFnNNfPgbu9WL1QVlacuCoRnad/o3NbPQzYbl7H2jph3FV2aFCQ",
            id: "$0MG7FZuRAsRhMq2bBNF6sAkUIuGxhsmU4-gvt5GMhps"),
        EventVector(
            version: .v10, type: "m.room.power_levels", stateKey: "",
            content: #"""
                {"ban":1,"events":{"m.room.name":2},"events_default":3,"invite":4,"kick":5,\#
                "notifications":{"room":10},"redact":6,"state_default":7,"users":{"@bob:example.org":8},\#
                "users_default":9}
                """#,
            redactedContent: #"""
                {"ban":1,"events":{"m.room.name":2},"events_default":3,"kick":5,"redact":6,"state_default":7,\#
                "users":{"@bob:example.org":8},"users_default":9}
                """#,
            contentHash: "fiTMpjHCbENuGDO/zx5jZR+KlkHPqs8dc8ZVK9UMqcE",
            signature: "QYZqx1x4fbT309Rr4xSycPjYnGyVs+V8MykOw8p3QsyItI4KrgD7btT4Mh0H3Se0NHetuy56jRMWw8/zc758AA",
            id: "$vANFsNXF8wvYl5FzIfPZ9bz1PLhcCPf-PiDhQ_l8fuo"),
        EventVector(
            version: .v10, type: "m.room.join_rules", stateKey: "",
            content: #"{"allow":[{"room_id":"!x:y","type":"m.room_membership"}],"join_rule":"restricted","other":1}"#,
            redactedContent: #"{"allow":[{"room_id":"!x:y","type":"m.room_membership"}],"join_rule":"restricted"}"#,
            contentHash: "n+Brd0GHE6pA0LYi2pGqSYtdwJD2gEypG+RJftxOq5I",
            signature: "8r+D540MNuWz8WDcdBHoyApROZaBnpFt1PaGoWX0aIEFCpFyaeCtUBXv96G6X0jUFjc2tQ8oXY8VFtC9bBXrBw",
            id: "$WeiMvbXA3pkQrAcZrOw6JSJqyKZ6GPaeUDkJeqv0SJY"),
        EventVector(
            version: .v10, type: "m.room.history_visibility", stateKey: "",
            content: #"{"history_visibility":"shared","other":true}"#,
            redactedContent: #"{"history_visibility":"shared"}"#,
            contentHash: "OjAudXMosMncc93LiqpLvMVVPAmHvD7rjdRVX4TlRtU",
            signature: "wM3XVRxwJGM3RP5HKazA2DFUiVCcRUBfXiADgcIEFGzlOEuoPbcoUXBQJV/VyO+9EcEUd3BYP+RSd4+EcpgaCw",
            id: "$iTH_fsq2hGzZmhEuoINY97_xGKse-mcAKI58fnQYkDs"),
        EventVector(
            version: .v10, type: "m.room.redaction", stateKey: nil,
            content: #"{"reason":"spam"}"#,
            redactedContent: #"{}"#,
            contentHash: "I8K9YQyc8Px2KsecM+qgbEuSZVNTeLGcUXQadCYCZiA",
            signature: "Y6u7hFSAF/9z9wafjTnrKMwpCIEe7InrIBQu5anC3KScdqIq413CO+pmtOaMP9JFGYdwh0IEZ7qUV0DfzROrCw",
            id: "$4nY9uQ01QzvmLg98M-ph_5aMpMlg1waPzY_dO3tPv_o"),
        EventVector(
            version: .v11, type: "m.room.message", stateKey: nil,
            content: #"{"body":"Grüße, \"日本語\" \u0001\n😀","msgtype":"m.text"}"#,
            redactedContent: #"{}"#,
            contentHash: "4YY0gH2EdmsIDZK3ciGIt/LyoUhnAhO4Q9VxJobrTvY",
            signature: "kEyguXBaFrW8cpx3+lWTYiniYCNoKVBxn4uY8FLDozHPd275648HUikIdkfD4cn1R1wL6pqz/ZdO2Ad3oXMCBQ",
            id: "$XmunLbLE0R_7jZ-v2OZna7QsWZ3jacxC9KXHoltTuUk"),
        EventVector(
            version: .v11, type: "m.room.create", stateKey: "",
            content: #"""
                {"creator":"@alice:example.org","m.federate":false,"predecessor":{"room_id":"!old:example.org"},\#
                "room_version":"11"}
                """#,
            redactedContent: #"""
                {"creator":"@alice:example.org","m.federate":false,"predecessor":{"room_id":"!old:example.org"},\#
                "room_version":"11"}
                """#,
            contentHash: "DOkd9P68C9+JdpgDJoUZF/bBEtMdbHYoo8zQgdyjLsQ",
            signature: "yiDsoa76nRBfkcSeWgjFRUuvsXJOZdPI0pMg1KdUGI28i9YVZU5rS2duiCMMG5sCdiKqLELrMPUvkBQtzqChDA",
            id: "$KPyTj8aqvX5dbVTxZEzbY_Vh6QWkO9-c8gZL3a3ofm4"),
        EventVector(
            version: .v11, type: "m.room.member", stateKey: "@bob:example.org",
            content: #"""
                {"displayname":"Bob","join_authorised_via_users_server":"@carol:example.org","membership":"invite",\#
                "third_party_invite":{"display_name":"b","signed":{"mxid":"@bob:example.org","token":"abc"}}}
                """#,
            redactedContent: #"""
                {"join_authorised_via_users_server":"@carol:example.org","membership":"invite",\#
                "third_party_invite":{"signed":{"mxid":"@bob:example.org","token":"abc"}}}
                """#,
            contentHash: "t9mzu7qp64wk2VQagVZFI02+RBQFyDON6/1OlJBLG3w",
            signature: "Lg6B1NQRJ9mjNt3GTklfcbofSCIVcgJLHmI/vAG7zvYnODNwpnYtDl9n+Fv8a2KU/DJlc/5IUOQ2Cr/9cabYDA",
            id: "$syHbJK9pvftcqd_Ah8eRis72EgfJiqMikwQgm2gW5uc"),
        EventVector(
            version: .v11, type: "m.room.power_levels", stateKey: "",
            content: #"""
                {"ban":1,"events":{"m.room.name":2},"events_default":3,"invite":4,"kick":5,\#
                "notifications":{"room":10},"redact":6,"state_default":7,"users":{"@bob:example.org":8},\#
                "users_default":9}
                """#,
            redactedContent: #"""
                {"ban":1,"events":{"m.room.name":2},"events_default":3,"invite":4,"kick":5,"redact":6,\#
                "state_default":7,"users":{"@bob:example.org":8},"users_default":9}
                """#,
            contentHash: "fiTMpjHCbENuGDO/zx5jZR+KlkHPqs8dc8ZVK9UMqcE",
            signature: "zq07oGwjDk9ZEfYxXyoTXeaCElV44ht20w/jiCkegffRsrO2zmKD343vVyZdMDii0DtnVclM2zAUmQYJNjpGAw",
            id: "$55OtV9GoPtz1Qq1ted-MRp8WCDTflXBmUSv504lP6w0"),
        EventVector(
            version: .v11, type: "m.room.join_rules", stateKey: "",
            content: #"{"allow":[{"room_id":"!x:y","type":"m.room_membership"}],"join_rule":"restricted","other":1}"#,
            redactedContent: #"{"allow":[{"room_id":"!x:y","type":"m.room_membership"}],"join_rule":"restricted"}"#,
            contentHash: "n+Brd0GHE6pA0LYi2pGqSYtdwJD2gEypG+RJftxOq5I",
            signature: "8r+D540MNuWz8WDcdBHoyApROZaBnpFt1PaGoWX0aIEFCpFyaeCtUBXv96G6X0jUFjc2tQ8oXY8VFtC9bBXrBw",
            id: "$WeiMvbXA3pkQrAcZrOw6JSJqyKZ6GPaeUDkJeqv0SJY"),
        EventVector(
            version: .v11, type: "m.room.history_visibility", stateKey: "",
            content: #"{"history_visibility":"shared","other":true}"#,
            redactedContent: #"{"history_visibility":"shared"}"#,
            contentHash: "OjAudXMosMncc93LiqpLvMVVPAmHvD7rjdRVX4TlRtU",
            signature: "wM3XVRxwJGM3RP5HKazA2DFUiVCcRUBfXiADgcIEFGzlOEuoPbcoUXBQJV/VyO+9EcEUd3BYP+RSd4+EcpgaCw",
            id: "$iTH_fsq2hGzZmhEuoINY97_xGKse-mcAKI58fnQYkDs"),
        EventVector(
            version: .v11, type: "m.room.redaction", stateKey: nil,
            content: #"{"reason":"spam","redacts":"$Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg"}"#,
            redactedContent: #"{"redacts":"$Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg"}"#,
            contentHash: "yt8tFE/b9YNna43aVdZ1/zNAVFprlrK/JhNLgbhq2bI",
            signature: "xrwn9VbD121/2Sc4qIItduO3WKt4l5okPpMZHVwPx3paMzBWzbs61vlFom9SFQPG6xoIkorOCv8XoWWFfwOmAg",
            id: "$MdLUABROwxCHcpRsWBNRxKrVuN1iEOlvGtKzGNMS0BQ"),
        EventVector(
            version: .v12, type: "m.room.message", stateKey: nil,
            content: #"{"body":"Grüße, \"日本語\" \u0001\n😀","msgtype":"m.text"}"#,
            redactedContent: #"{}"#,
            contentHash: "A6N/5S2+apUt7zooWgfq7QPfjdl0wmhmYwAX3FX2/VM",
            signature: "Hs+93W9vyznaUv0gzk7nG0JxjAw+D5vi1mHqaHtDv8SPdOkqWIHmnLJJ+TUtKFkz0MHIHta/1121IdJ3sbSWCw",
            id: "$rhCtNQgR6c199AY9K5L4bHQUtdn7KJN1DAzWVtLKxGg"),
        EventVector(
            version: .v12, type: "m.room.create", stateKey: "",
            content: #"""
                {"creator":"@alice:example.org","m.federate":false,"predecessor":{"room_id":"!old:example.org"},\#
                "room_version":"12"}
                """#,
            redactedContent: #"""
                {"creator":"@alice:example.org","m.federate":false,"predecessor":{"room_id":"!old:example.org"},\#
                "room_version":"12"}
                """#,
            contentHash: "rw3ZJRIVQqqGJ6shu7RJgA8wla/468N+7RI+8f1LTJQ",
            signature: "MIAEulzPF36JVyat+5jX3yJei3TdHxAamhzw7jgkOa1QCXNdNlWbHjK+5DxtOlq0LRao4ivPU6XYemIYSEwkBw",
            id: "$OYG1iRfEW4sEz93KGzhS4rDpHdvQgNW0vaxv1Ad0YB8"),
    ]
}
